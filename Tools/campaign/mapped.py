"""The mapped file is cut short, replaced or written over while it is in use."""

import json
import os
import select
import shutil
import subprocess
import time

from context import TEXT
from outcome import PATIENCE, Run, fault
from server import Server

CUT = (b"cut short", b"was changed while it was in use")
STREAMED = ("--memory", "16M")  # so little that weights are read from the mapping at every pass


class Conversation:
    """A command that answers line by line."""

    def __init__(self, context, *arguments):
        self.process = subprocess.Popen(
            [context.thimble, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def ask(self, text):
        """The answer to a line, parsed; None if the process has ended; raises TimeoutError."""
        try:
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            self.stop()
            raise TimeoutError
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def stop(self):
        self.process.kill()
        self.process.communicate()

    def end(self):
        begun = time.monotonic()
        try:
            output, errors = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, errors = self.process.communicate()
            return Run(137, output, errors, time.monotonic() - begun, timed_out=True)
        code = self.process.returncode
        return Run(code if code >= 0 else 128 - code, output, errors)


def cut_short(context, row):
    """`fill-mask` and `serve` when the file is truncated under them."""
    model, right = context.model(), context.answer(context.model())
    size, choose = os.path.getsize(model), context.random("mapped")
    lengths = [0, 1, 64, 4096, size - 1] + [choose.randrange(size) for _ in range(context.count(25, 3))]
    for length in lengths:
        path = copy(context, model)
        row.judge(f"fill-mask, cut to {length} bytes",
                  talk(context, path, right, lambda: os.truncate(path, length), codes=(0, 65, 74)))
    for length in lengths[:context.count(10, 4)]:
        path = copy(context, model)
        row.judge(f"serve, cut to {length} bytes", serve_cut(context, path, right, length))


def replaced(context, row):
    """A file that is renamed over, removed, or written over in place."""
    model, other = context.model(), context.model("5")
    right = context.answer(model)

    def rename(path):
        shutil.copy(other, path + ".new")
        os.replace(path + ".new", path)

    def overwrite(path):
        with open(other, "rb") as source, open(path, "r+b") as target:
            target.write(source.read())

    def fill(path, byte):
        with open(path, "r+b") as target:
            target.write(bytes([byte]) * os.path.getsize(path))

    ways = {"renamed over": (rename, (0,)), "removed": (os.unlink, (0,)),
            "written over with another model": (overwrite, (0, 65, 74)),
            "written over with zeros": (lambda path: fill(path, 0), (0, 65, 74)),
            "written over with ones": (lambda path: fill(path, 255), (0, 65, 74))}
    for name, (change, codes) in ways.items():
        for memory in (STREAMED, ("--memory", "64M")):
            path = copy(context, model)
            row.judge(f"fill-mask {' '.join(memory)}, {name}",
                      talk(context, path, right, lambda: change(path), codes, memory))


def copy(context, model):
    path = os.path.join(context.folder("mapped"), "model.thimble")
    shutil.copy(model, path)
    return path


def talk(context, path, right, change, codes, memory=STREAMED):
    """Asks, changes the file, asks twice more: only right answers, or an end with a word."""
    talk = Conversation(context, "fill-mask", path, "--json", *memory)
    try:
        for turn in range(3):
            answer = talk.ask(TEXT)
            if answer is None or "error" in answer:
                break
            if answer != right:
                talk.stop()
                return "a wrong answer without a word"
            if turn == 0:
                change()
    except TimeoutError:
        return "hangs: no answer in 5 s"
    result = talk.end()
    reason = fault(result, codes)
    if not reason and result.code == 74 and not any(words in result.errors for words in CUT):
        reason = f"does not say what became of the file: {result.errors!r}"
    return reason


def wait_for(process):
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        pass


def serve_cut(context, path, right, length):
    with Server(context, path, "--memory", "32M") as server:
        if server.fill(TEXT) != right:
            return "a wrong answer before anything happened"
        os.truncate(path, length)
        for _ in range(3):
            try:
                status, body = server.ask("POST", "/fill-mask", {"inputs": TEXT})
            except OSError:
                wait_for(server.process)
                break
            if status == 200 and json.loads(body) != right:
                return "a wrong answer without a word"
        code = server.process.poll()
        if code is None:
            return server.end()
        return None if code == 74 and any(words in server.log() for words in CUT) else \
            f"ended with {code}: {server.log()[-200:]!r}"
