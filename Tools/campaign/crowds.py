"""Clients that are too many, too slow, or too greedy, against the memory that a server promised."""

import json
import random
import selectors
import socket
import time

from context import TEXT
from outcome import MEBIBYTE
from server import Server

BUDGET, GROUP = 96, "128M"
CROWD = 120  # of the 128 connections that a server has; the others are for those who behave


def post(path, body, close=False):
    data = json.dumps(body).encode()
    end = b"Connection: close\r\n" if close else b""
    return b"POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s" % (path.encode(), end, len(data), data)


def get(path):
    return b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode()


PIPELINED = {
    "GET /": get("/"), "GET /openapi.json": get("/openapi.json"), "GET /metrics": get("/metrics"),
    "what is not there": get("/nowhere"), "/fill-mask": post("/fill-mask", {"inputs": TEXT}),
    "/tokenize": post("/tokenize", {"inputs": ["a b c d e f g h " * 25] * 16}),
    "what is no JSON": post("/embed", "x")[:-1] + b"[",
}
COSTLY = {
    "32 vectors": post("/embed", {"inputs": ["a text of some words"] * 32}),
    "32 lists of 500 ids": post("/embed", {"inputs": [[1] * 500] * 32}),
    "250 KiB of text": post("/embed", {"inputs": ["word " * 1600] * 32}),
    "50 masks, 1,000 fillings each": post("/fill-mask", {"inputs": "<mask> " * 50, "parameters": {"top_k": 1000}}),
    "7,000 tokens": post("/tokenize", {"inputs": ["a b c d e f g h " * 25] * 32}),
    "scores of long texts": post("/score", {"inputs": ["a b c d e f g h " * 12] * 16}),
}


def pipelining(context, row):
    """Connections that ask hundreds of times in one write, and read nothing."""
    for name, request in chosen(context, PIPELINED):
        row.judge(name, besiege(context, Pipeline(request)))


def flood(context, row):
    """Connections that all ask for what costs most, and take the answers slowly."""
    for name, request in chosen(context, COSTLY):
        row.judge(name, besiege(context, SlowReader(request)))


def slow(context, row):
    """Heads and bodies that come a byte at a time, or stop half-way."""
    request = post("/fill-mask", {"inputs": TEXT})
    head = request.index(b"\r\n\r\n")
    for name, given, pause in (
            ("nothing at all", b"", None), ("half a head", request[:head // 2], None),
            ("a head, a byte every 0.2 s", request[:head], 0.2), ("a head without a body", request[:head + 4], None),
            ("a body, a byte every 0.2 s", request[head + 4 - 150:], 0.2)):
        if name.startswith("a body"):
            attack = Dripper(request[:head + 4], request[head + 4:], pause)
        else:
            attack = Dripper(b"" if pause else given, given if pause else b"", pause)
        row.judge(name, besiege(context, attack, "--timeout", "2", seconds=6, closed=name != "nothing at all"))


def chosen(context, shapes):
    """All of them, or the first three."""
    return list(shapes.items())[:None if not context.quick else 3]


class Pipeline:
    """Sends a request hundreds of times, as fast as it is taken, and reads nothing."""

    def __init__(self, request):
        self.burst = request * max(1, 12000 // len(request))

    def begin(self, connection):
        connection.left = memoryview(self.burst * 4)

    def step(self, connection):
        if connection.left:
            connection.left = connection.left[connection.socket.send(connection.left):]


class SlowReader:
    """Sends a request, takes 64 KiB of the answer at a time, and asks again."""

    def __init__(self, request):
        self.request = request

    def begin(self, connection):
        connection.left, connection.next = memoryview(self.request), 0

    def step(self, connection):
        now = time.monotonic()
        if connection.left:
            connection.left = connection.left[connection.socket.send(connection.left):]
            return
        if now < connection.next:
            return
        connection.next = now + 0.2
        part = connection.socket.recv(1 << 16)
        if not part:
            raise ConnectionError
        if len(part) < 1 << 16:
            connection.left = memoryview(self.request)


class Dripper:
    """Sends some of a request at once, and the rest a byte at a time."""

    def __init__(self, first, rest, pause):
        self.first, self.rest, self.pause = first, rest, pause

    def begin(self, connection):
        connection.left, connection.next = memoryview(self.first + self.rest[:1]), 1

    def step(self, connection):
        if connection.left:
            connection.left = connection.left[connection.socket.send(connection.left):]
            connection.due = time.monotonic() + (self.pause or 0)
        elif self.pause and connection.next < len(self.rest) and time.monotonic() >= connection.due:
            connection.left = memoryview(self.rest[connection.next:connection.next + 1])
            connection.next += 1
        try:
            if connection.socket.recv(4096) == b"":
                raise ConnectionError
        except BlockingIOError:
            pass


class Besieger:
    """One connection of an attack, opened again when the server has closed it."""

    def __init__(self, server, attack):
        self.server, self.attack, self.closed = server, attack, 0
        self.socket = None

    def step(self):
        try:
            if self.socket is None:
                self.socket = self.server.connect(timeout=0.5)
                self.socket.setblocking(False)
                self.attack.begin(self)
            self.attack.step(self)
        except BlockingIOError:
            pass
        except OSError:
            self.closed += 1
            self.close()

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def besiege(context, attack, *options, seconds=None, closed=False):
    """Why a server under `attack` is lost, or None: it has to stay under its budget and answer others.

    With `closed` it has to close the connections of the attack, too.
    """
    model = context.model()
    right = context.answer(model)
    options = ("--memory", f"{BUDGET}M", *options)
    group = GROUP if context.has_cgroups else None
    try:
        with Server(context, model, *options, cgroup=group) as server:
            crowd = [Besieger(server, attack) for _ in range(CROWD)]
            end = time.monotonic() + (seconds or context.count(6, 3))
            refusal, asked = None, time.monotonic()
            while time.monotonic() < end:
                for one in crowd:
                    one.step()
                if time.monotonic() - asked > 1:
                    refusal = refusal or polite(server, right)
                    asked = time.monotonic()
                time.sleep(0.005)
            closings = sum(one.closed for one in crowd)
            for one in crowd:
                one.close()
            refusal = refusal or settled(server, right)
            if closed and not refusal and closings < CROWD:
                refusal = f"{CROWD - closings} of {CROWD} connections were not closed by --timeout"
            return refusal or server.end(budget=BUDGET * MEBIBYTE)
    except OSError as error:
        return f"{error!r}"


def polite(server, right):
    """Whether one who behaves is answered: rightly, or told to come again."""
    try:
        status, body = server.ask("POST", "/fill-mask", {"inputs": TEXT}, timeout=15)
    except (OSError, TimeoutError) as error:
        code = server.process.poll()
        return f"the server ended with {code}" if code is not None else f"others get {error!r}"
    if status == 200 and json.loads(body) != right:
        return "a wrong answer without a word"
    return None if status in (200, 429, 503) else f"others get status {status}"


def settled(server, right):
    """Whether the server is as before once the crowd is gone."""
    end = time.monotonic() + 15
    problem = "nobody asked"
    while problem and time.monotonic() < end:
        try:
            problem = None if server.fill(TEXT) == right else "others get no answer after the crowd has gone"
        except OSError as error:
            problem = f"others get {error!r} after the crowd has gone"
        if problem:
            if server.process.poll() is not None:
                return f"the server ended with {server.process.returncode}: {server.log()[-200:]!r}"
            time.sleep(0.2)
    return problem
