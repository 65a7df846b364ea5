"""A server that gets other files while it is asked: no request is lost, and answers are right."""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

from checkpoints import tensors, write_checkpoint
from context import TEXT
from outcome import fault
from server import Server


def reloads(context, row):
    """SIGHUP again and again, with good and bad files in turn, while four clients ask."""
    folder, choose = context.folder("reloads"), context.random("reloads")
    path, good = os.path.join(folder, "model.thimble"), [context.model(), context.model("5")]
    right = [context.answer(model) for model in good]
    bad = bad_models(context, folder)
    shutil.copy(good[0], path)
    with Server(context, path, "--memory", "96M") as server:
        clients = [Client(server, right) for _ in range(4)]
        for turn in range(context.count(60, 12)):
            source = choose.choice(good if turn % 2 else bad)
            before = server.log().count(b"\n")
            replace(source, path)
            for _ in range(choose.choice((1, 1, 1, 5))):
                server.send(signal.SIGHUP)
            wait_for_line(server, before)
            row.judge(f"reload {turn + 1}, {describe(source)}", alive(server, right))
        for client in clients:
            client.finish()
        # A good file at last: it has to be taken, whatever came before.
        replace(good[1], path)
        server.send(signal.SIGHUP)
        row.judge("a good file after bad ones", until_answer(server, right[1]))
        for client in clients:
            row.tried += client.answers
            for problem in client.problems:
                row.losses.append(("a request during reloads", problem))
        row.judge("the end", server.end(budget=96 << 20))


def at_start(context, row):
    """SIGHUP and SIGTERM in the first milliseconds of a server."""
    model, choose = context.model(), context.random("at start")
    right = context.answer(model)
    for index in range(context.count(40, 8)):
        delay = choose.uniform(0, 0.02)
        server = Server(context, model, "--memory", "64M")
        # Before its first instruction a program cannot say what a signal is to do.
        while server.process.poll() is None and not handles(server.pid, signal.SIGBUS):
            pass
        time.sleep(delay)
        try:
            server.send(signal.SIGHUP)
            with server:
                reason = None if server.fill(TEXT) == right else "no answer, or a wrong one"
                row.judge(f"SIGHUP after {delay * 1000:.1f} ms", reason or server.end())
        except OSError as error:
            row.judge(f"SIGHUP after {delay * 1000:.1f} ms", str(error))


def sockets(context, row):
    """A second server on the Unix socket or the port of a living one; a socket left by a dead one."""
    model, path = context.model(), os.path.join(context.folder("sockets"), "socket")
    with Server(context, model) as server:
        result = context.run("serve", model, "--port", str(server.port))
        row.judge("a port that is taken", fault(result, (74,)))
        row.judge("the server that had it", alive(server, [context.answer(model)]) or server.end())
    first = UnixServer(context, model, path)
    # Before it listens, the socket is anybody's.
    row.judge("a Unix socket that nobody has", None if first.answers() else "does not come up")
    result = context.run("serve", model, "--unix", path)
    row.judge("a Unix socket of a living server", fault(result, (74,)))
    row.judge("the server that had it", None if first.answers() else "it answers no more")
    first.process.kill()
    first.process.wait()
    second = UnixServer(context, model, path)
    row.judge("a Unix socket of a dead server", None if second.answers() else "is not taken over")
    second.process.terminate()
    second.process.wait()
    row.judge("its end", f"leaves {path}" if os.path.exists(path) else None)


class UnixServer:
    def __init__(self, context, model, path):
        self.path = path
        self.process = subprocess.Popen([context.thimble, "serve", model, "--unix", path],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers(self):
        end = time.monotonic() + 5
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                try:
                    connection.connect(self.path)
                    connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    if connection.recv(64).startswith(b"HTTP/1.1 200"):
                        return True
                except OSError:
                    pass
            time.sleep(0.05)
        return False


class Client(threading.Thread):
    """Asks the same on one connection until it is told to finish."""

    def __init__(self, server, right):
        super().__init__(daemon=True)
        self.server, self.right = server, right
        self.answers, self.problems, self.is_over = 0, [], threading.Event()
        self.start()

    def run(self):
        while not self.is_over.is_set():
            try:
                answer = self.server.fill(TEXT, timeout=10)
                self.answers += 1
                if answer not in self.right:
                    self.problems.append(f"status {answer}" if isinstance(answer, int) else "wrong")
            except (OSError, json.JSONDecodeError) as error:
                self.answers += 1
                self.problems.append(repr(error))
                time.sleep(0.05)

    def finish(self):
        self.is_over.set()
        self.join(20)


def bad_models(context, folder):
    """Files that must not take the place of a good one. None stands for no file."""
    with open(context.model(), "rb") as file:
        data = file.read()
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 1
    contents = {"text": b"no model", "empty": b"", "half": data[:len(data) // 2], "damaged": bytes(damaged)}
    models = [None]
    for name, content in contents.items():
        models.append(os.path.join(folder, name))
        with open(models[-1], "wb") as file:
            file.write(content)
    # Opens, but cannot answer: its weights are too large, or it has only two positions.
    shapes = tensors(64, 1, 128, 128)
    huge = {name: struct.pack("<f", 3e38) * (shape[0] * (shape[1] if len(shape) > 1 else 1))
            for name, shape in shapes.items()}
    for name, options in {"infinite": {"values": huge}, "two-positions": {"positions": 2}}.items():
        write_checkpoint(os.path.join(folder, f"{name}-checkpoint"), **options)
        path = os.path.join(folder, name)
        if context.run("convert", os.path.join(folder, f"{name}-checkpoint"), "-o", path).code == 0:
            models.append(path)
    shared = os.path.join(context.root, "..", "shared", "faults")
    models += [os.path.join(shared, name) for name in
               ("tokens-beyond-vocabulary.thimble", "damaged-configuration.thimble")
               if os.path.exists(os.path.join(shared, name))]
    return models


def describe(source):
    return "no file" if source is None else os.path.basename(source)


def replace(source, path):
    if source is None:
        if os.path.exists(path):
            os.unlink(path)
        return
    shutil.copy(source, path + ".new")
    os.replace(path + ".new", path)


def wait_for_line(server, before):
    """Until the log says what became of the reload, or two seconds."""
    end = time.monotonic() + 2
    while server.log().count(b"\n") <= before and time.monotonic() < end:
        time.sleep(0.01)


def alive(server, right):
    try:
        answer = server.fill(TEXT)
    except (OSError, json.JSONDecodeError) as error:
        return f"asked, and got {error!r}: {server.log()[-200:]!r}"
    return None if answer in right else f"answers {str(answer)[:80]}"


def until_answer(server, right):
    for _ in range(50):
        if alive(server, [right]) is None:
            return None
        time.sleep(0.1)
    return "is not taken within 5 s"


def handles(pid, number):
    """Whether a process has said what a signal is to do: the command does so of SIGBUS, first of all."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            caught = next((line for line in file if line.startswith("SigCgt:")), "SigCgt: 0")
    except OSError:
        return False
    return bool(int(caught.split()[1], 16) >> number - 1 & 1)
