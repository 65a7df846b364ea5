"""What all parts of the campaign share: the command, models made with it, and how to run it."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import time

from outcome import PATIENCE, Run

TEXT = "Elle a ouvert la <mask> de la maison."


class Unable(Exception):
    """Something that the campaign itself needs is not there."""


class Context:
    """`seed` decides every random choice; a quick campaign makes fewer of them."""

    def __init__(self, root, thimble, work, seed, quick):
        self.root, self.thimble, self.work = root, thimble, work
        self.seed, self.quick = seed, quick
        self.checkpoint = self.file("Tests/ThimbleModelTests/Fixtures/xlm-small")
        self.tiny = self.file("Tests/ThimbleCheckpointTests/Fixtures/tiny")
        self._models, self._answers = {}, {}

    def file(self, path):
        return os.path.join(self.root, path)

    def count(self, full, quick):
        return quick if self.quick else full

    def random(self, name):
        """Random choices of one part, the same whichever other parts run."""
        return random.Random(f"{self.seed}/{name}")

    def folder(self, name):
        """An empty folder."""
        path = os.path.join(self.work, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    # Models

    def model(self, bits="6.1"):
        """The small model in a file, quantised to so many bits."""
        return self._made(f"small-{bits}", self.checkpoint, "--bits", bits)

    def tiny_model(self, head):
        """A model of a few thousand weights with a tokenizer: "XLMForSequenceClassification", "model"."""
        folder = os.path.join(self.work, f"tiny-{head}")
        if not os.path.isdir(folder):
            os.makedirs(folder)
            shutil.copy(os.path.join(self.tiny, "config.json"), folder)
            shutil.copy(os.path.join(self.tiny, f"{head}.safetensors"), folder + "/model.safetensors")
            for name in ("vocab.json", "merges.txt"):
                shutil.copy(self.file(f"Tests/ThimbleTextTests/Fixtures/{name}"), folder)
        return self._made(f"tiny-{head}", folder)

    def _made(self, name, checkpoint, *options):
        if name not in self._models:
            path = os.path.join(self.work, f"{name}.thimble")
            run = self.run("convert", checkpoint, "-o", path, *options, patience=120)
            if run.code:
                raise Unable(f"cannot convert {checkpoint}: {run.errors.decode(errors='replace')}")
            self._models[name] = path
        return self._models[name]

    def answer(self, model):
        """What fill-mask says about TEXT, parsed."""
        if model not in self._answers:
            run = self.run("fill-mask", model, TEXT, "--json", patience=60)
            if run.code:
                raise Unable(f"fill-mask {model}: {run.errors.decode(errors='replace')}")
            self._answers[model] = json.loads(run.output)
        return self._answers[model]

    # Processes

    def run(self, *arguments, **options):
        """Runs the command: see `run`."""
        return run([self.thimble, *arguments], **options)


def run(command, input=b"", patience=PATIENCE, address_space=None, descriptors=None, kill_after=None,
        watch=False, environment=None, cwd=None, stdout=None):
    """Runs `command` to its end, or for `patience` and a half seconds.

    `address_space` (bytes) and `descriptors` are limits of the system; `kill_after` seconds comes
    SIGKILL; `watch` looks at private memory every 2 ms; `stdout` is a file instead of the result's.
    """

    def limit():
        # The campaign's own group, so that children of the command end with it.
        os.setpgid(0, 0)
        if address_space:
            resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
        if descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, \
            tempfile.TemporaryFile() as errors:
        source.write(input)
        source.seek(0)
        begun, private, timed_out = time.monotonic(), 0, False
        process = subprocess.Popen(
            command, stdin=source, stdout=stdout or out, stderr=errors, preexec_fn=limit, cwd=cwd,
            env={**os.environ, "SWIFT_BACKTRACE": "enable=no", **(environment or {})})
        end = begun + (kill_after if kill_after is not None else patience * 1.5)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            now = time.monotonic()
            if pid:
                break
            if now >= end:
                timed_out = kill_after is None
                os.killpg(process.pid, signal.SIGKILL)
                pid, status, usage = os.wait4(process.pid, 0)
                break
            if watch:
                private = max(private, anonymous_memory(process.pid))
            time.sleep(max(min(0.002, end - now), 0))
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begun
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        for file in (out, errors):
            file.seek(0)
        return Run(code, out.read(), errors.read(), seconds, usage.ru_maxrss * 1024, private, timed_out)


def anonymous_memory(pid):
    """Bytes of memory that a process has to itself; 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon:")), 0)
    except OSError:
        return 0
