"""What is measured: Thimble, and peers, each a process that stands still while others run."""

import json
import os
import signal
import statistics
import subprocess
import threading

HERE = os.path.dirname(os.path.abspath(__file__))


class Failed(Exception):
    """A subject ended; the message is the last thing it said."""


class Task:
    """What is timed: `texts` sequences of `tokens` each, with or without the head for one mask."""

    def __init__(self, kind, tokens, texts=1):
        self.head, self.tokens, self.texts = kind == "fill-mask", tokens, texts
        # The names that `thimble bench --json` gives its figures.
        self.name = f"{kind} {texts} × {tokens}" if texts > 1 else f"{kind} {tokens}"
        self.title = f"{texts}x{tokens}" if texts > 1 else f"{'mask ' * self.head}{tokens}"

    def ids(self, vocabulary):
        """The texts that `thimble bench` makes: ids spread over the vocabulary, between ends."""
        inner = [[(place * 7919 + text * 104_729 + 14) % vocabulary
                  for place in range(1, self.tokens - 1)] for text in range(self.texts)]
        return [[1, *ids, 1] for ids in inner]


class Subject:
    """Times of each task in ms, memory in MiB, a file in bytes, an error; None where not known.

    Each round gives a median and a fastest pass. Beside other work the fastest says more.
    """

    def __init__(self, name):
        self.name, self.times, self.fast = name, {}, {}
        self.file = self.error = self.private = self.private_head = self.peak = None

    def record(self, task, median, fastest):
        self.times.setdefault(task, []).append(median)
        self.fast[task] = min(fastest, self.fast.get(task, fastest))

    def median(self, task):
        return statistics.median(self.times[task]) if task in self.times else None

    def fastest(self, task):
        return self.fast.get(task)

    def json(self):
        facts = {"name": self.name, "fileBytes": self.file, "relativeError": self.error,
                 "privateMebibytes": {"encoder": self.private, "withHead": self.private_head},
                 "peakMebibytes": self.peak}
        facts["tasks"] = [{"task": task, "milliseconds": self.median(task),
                           "fastestMilliseconds": self.fast[task], "samples": samples}
                          for task, samples in self.times.items()]
        return facts

    def close(self):
        pass


class Peer(Subject):
    """A worker that has its model loaded. It runs only between a question and its answer."""

    def __init__(self, name, key, python, checkpoint, folder, threads):
        super().__init__(name)
        kind = key.partition(" ")[0]
        self.file = file_bytes(checkpoint if kind == "torch" else os.path.join(folder, kind))
        log = os.path.join(folder, f"{key.replace(' ', '-')}.log")
        self.log = open(log, "w+", encoding="utf-8")
        command = [python, f"{HERE}/worker.py", key, checkpoint, folder, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True,
                                        start_new_session=True)  # Ctrl-C is not for it.
        self.head = False
        try:
            self.answer()
            self.error = self.ask(do="error")["error"]
        except BaseException:
            self.close()
            raise

    def measure(self, task, ids, seconds):
        if task.head and not self.head:
            self.head = True
            self.ask(do="head")
        answer = self.ask(do="time", ids=ids, head=task.head, seconds=seconds)
        passes = answer["milliseconds"]
        self.record(task.name, statistics.median(passes), min(passes))

    def ask(self, **request):
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # Its end is reported below, with the reason.
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.log.seek(0)
            said = self.log.read().strip().splitlines() or ["it said nothing"]
            raise Failed(f"{said[-1]} (exit code {self.process.returncode})")
        # Waiting threads of a runtime spin for a while, at the cost of whoever is measured next.
        self.process.send_signal(signal.SIGSTOP)
        answer = json.loads(line)
        private = max(answer["private"], (self.private_head if self.head else self.private) or 0)
        if self.head:
            self.private_head = private
        else:
            self.private = private
        self.peak = answer["peak"]
        return answer

    def close(self):
        self.process.kill()
        self.process.wait()


class Thimble(Subject):
    """`thimble bench`, started afresh for each task; it decodes what it pins before it measures."""

    def __init__(self, name, mode, memory, command, checkpoint, model, folder, threads):
        super().__init__(name)
        self.command, self.model, self.mode = command, model, mode
        self.threads, self.file = ["--threads", str(threads)], os.path.getsize(model)
        self.checkpoint, self.texts = checkpoint, os.path.join(folder, "texts.jsonl")
        self.fill(memory)

    def measure(self, task, ids, seconds):
        batch = task.texts if task.texts > 1 else 0
        options = ["--modes", self.mode, "--tokens", str(8 if batch else task.tokens),
                   "--batch", str(batch), "--seconds", str(seconds), "--json"]
        answer = json.loads(self.run(["bench", self.model, *options, *self.threads]))
        for figure in answer["figures"]:
            self.record(figure["task"], figure["milliseconds"], figure["fastestMilliseconds"])

    def fill(self, memory):
        """Private and peak memory of filling a mask in the texts, 128 tokens each."""
        process = subprocess.Popen(
            [self.command, "fill-mask", self.model, "--ids", "--json", "--memory", memory,
             *self.threads], stdin=open(self.texts, "rb"), stdout=subprocess.DEVNULL)
        ended = threading.Event()
        while process.poll() is None:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                status = dict(line.split(":", 1) for line in file)
            if "RssAnon" in status:
                mebibytes = lambda key: int(status[key].split()[0]) / 1024
                self.private_head = max(self.private_head or 0, mebibytes("RssAnon"))
                self.peak = max(self.peak or 0, mebibytes("VmHWM"))
            ended.wait(0.002)
        if process.returncode:
            raise Failed(f"fill-mask ended with exit code {process.returncode}")

    def measure_error(self):
        """The same texts, one more token of each masked, against Thimble's own fp32 run."""
        answer = json.loads(self.run([
            "evaluate", self.model, "--reference", self.checkpoint, "--ids", "--text", self.texts,
            "--mask-fraction", "0.01", "--no-split", "--json", *self.threads]))
        self.error = answer["overall"]["both"]["layers"][-1]["relativeError"]

    def run(self, arguments):
        done = subprocess.run([self.command, *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise Failed(done.stderr.strip().splitlines()[-1])
        return done.stdout


def file_bytes(folder):
    """The size of a model's weights and graphs; a checkpoint's other files are not counted."""
    return sum(entry.stat().st_size for entry in os.scandir(folder)
               if not entry.name.endswith((".json", ".txt")))
