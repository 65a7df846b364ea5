"""A server under attack: started, watched, asked and ended."""

import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time

from context import anonymous_memory
from outcome import MEBIBYTE, PATIENCE

ADDRESS = re.compile(rb"address=\S*?:(\d+)\b")


class Server:
    """`thimble serve` on a free port. A context manager; leaving it ends the process for good.

    `cgroup` is a size for Tools/in-cgroup; `descriptors` the most that the process may open.
    """

    def __init__(self, context, model, *options, cgroup=None, descriptors=None, environment=None,
                 address_space=None):
        self.context, self.options = context, options
        command = [context.thimble, "serve", model, "--port", "0", *options]
        if cgroup:
            command = [context.file("Tools/in-cgroup"), cgroup, "--", *command]
        self.path = os.path.join(context.work, "server.log")

        def limit():
            os.setpgid(0, 0)
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
            if address_space:
                resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        with open(self.path, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                preexec_fn=limit, env={**os.environ, "SWIFT_BACKTRACE": "enable=no", **(environment or {})})
        self.pid, self.port, self.peak = self.process.pid, None, 0
        self.is_over = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        end = time.monotonic() + 4 * PATIENCE
        while not (found := ADDRESS.search(self.log())):
            if self.process.poll() is not None or time.monotonic() > end:
                code = self.process.poll()
                self.__exit__()
                raise ConnectionError(f"the server did not start, exit code {code}: {self.log()[-300:]!r}")
            time.sleep(0.01)
        self.port = int(found[1])
        self.pid = youngest(self.process.pid)
        self.watcher.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        if self.process.poll() is None:
            for pid in {youngest(self.process.pid), self.process.pid}:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                if pid != self.process.pid:
                    time.sleep(0.1)  # Tools/in-cgroup removes the group
            self.process.wait()

    def _watch(self):
        while not self.is_over.wait(0.01):
            self.peak = max(self.peak, anonymous_memory(self.pid))

    def log(self):
        with open(self.path, "rb") as file:
            return file.read()

    def connect(self, timeout=PATIENCE):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def ask(self, method, path, body=None, headers=None, timeout=PATIENCE):
        """Status and body of one answer on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            data = json.dumps(body) if body is not None else None
            connection.request(method, path, data, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def fill(self, text, timeout=PATIENCE):
        """The parsed answer of /fill-mask, or the status if it is not 200."""
        status, body = self.ask("POST", "/fill-mask", {"inputs": text}, timeout=timeout)
        return json.loads(body) if status == 200 else status

    def send(self, number):
        os.kill(self.pid, number)

    def processor_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self, budget=None):
        """Ends the server with SIGTERM; why this, or what it was before, is a loss, or None."""
        if (code := self.process.poll()) is not None:
            return f"the server ended with {code}: {self.log()[-300:]!r}"
        self.send(signal.SIGTERM)
        try:
            code = self.process.wait(2 * PATIENCE)
        except subprocess.TimeoutExpired:
            return "does not end within 10 s of SIGTERM"
        if code:
            return f"ends with {code} at SIGTERM: {self.log()[-300:]!r}"
        if budget and self.peak > budget:
            return f"{self.peak / MEBIBYTE:.1f} MiB private, {budget / MEBIBYTE:.0f} allowed"
        return None


def youngest(pid):
    """The process at the end of a line of only children: the server inside Tools/in-cgroup."""
    while True:
        try:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                children = file.read().split()
        except OSError:
            return pid
        if not children:
            return pid
        pid = int(children[0])
