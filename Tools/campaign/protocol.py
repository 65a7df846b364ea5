"""Broken, contradictory and half-closed requests; more connections than descriptors."""

import json
import re
import socket
import time

from context import TEXT
from crowds import get, post
from outcome import MEBIBYTE, first_control
from reloads import alive
from server import Server

BODY = json.dumps({"inputs": TEXT}).encode()
HOST = b"Host: x\r\n"


def chunked(*chunks):
    return b"POST /fill-mask HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


def sized(length, body=BODY, extra=b""):
    return b"POST /fill-mask HTTP/1.1\r\n" + HOST + extra + b"Content-Length: " + length + b"\r\n\r\n" + body


# Bytes to send; statuses of which the first answer must have one (None: the connection just closes);
# how many answers there may be at most; whether the server has to close the connection.
BROKEN = {
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), {None, 400}, 1, True),
    "a line of text": (b"hello\r\n\r\n", {None, 400}, 1, True),
    "an unknown version": (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", {None, 400, 505}, 1, True),
    "a head of 64 KiB": (b"GET / HTTP/1.1\r\nX: " + b"a" * 65536 + b"\r\n\r\n", {None, 400, 431}, 1, True),
    "2,000 header lines": (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 4000 + b"\r\n", {None, 400, 431}, 1, True),
    "a path of 60 KiB": (b"GET /" + b"a" * 60000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {None, 400, 404, 414, 431}, 1, True),
    "a body that is too large": (sized(b"999999999", b"x" * 300000), {413}, 1, True),
    "a large body, chunked": (chunked(*[b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"] * 6, b"0\r\n\r\n"), {413}, 1, True),
    "a negative length": (sized(b"-1"), {None, 400}, 1, True),
    "a length beyond integers": (sized(b"99999999999999999999999"), {None, 400, 413}, 1, True),
    "two lengths": (sized(b"5", extra=b"Content-Length: 6\r\n"), {None, 400}, 1, True),
    "length and chunks": (sized(b"5", b"5\r\nhello\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n"), {None, 400}, 2, True),
    "a chunk of negative size": (chunked(b"-5\r\nhello\r\n"), {None, 400}, 1, True),
    "a chunk of huge size": (chunked(b"ffffffffffffffff\r\nhello\r\n"), {None, 400, 408, 413}, 1, True),
    "HTTP/1.0": (b"GET /health HTTP/1.0\r\n\r\n", {200}, 1, True),
    "HTTP/1.0 with a body": (post("/fill-mask", {"inputs": TEXT}).replace(b"1.1", b"1.0", 1), {200}, 1, True),
    "Connection: close": (post("/fill-mask", {"inputs": TEXT}, close=True), {200}, 1, True),
    "no host": (b"GET /health HTTP/1.1\r\n\r\n", {200, 400}, 1, False),
    "an unknown method": (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405, 501}, 1, False),
    "an upgrade": (b"GET / HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", {200, 400, 404, 426}, 1, False),
    "Expect": (sized(b"%d" % len(BODY), extra=b"Expect: 100-continue\r\n"), {100, 200}, 2, False),
    "a path outside": (get("/../../etc/passwd"), {400, 404}, 1, False),
    "an encoded path": (get("/%2e%2e/%00/\x7f"), {None, 400, 404}, 1, False),
}
BODIES = {
    "nothing": b"", "a null byte": b"\0", "no UTF-8": b'{"inputs": "\xff <mask>"}', "open brackets": b"[" * 100000,
    "half a member": b'{"inputs": "a', "a number": b"1e999", "a number as text": b'{"inputs": 1e999}',
    "a lone surrogate": b'{"inputs": "\\ud800 <mask>"}', "an escape sequence": b'{"inputs": "\\u001b[31m", "\\u001b]0;x": 1}',
    "a huge id": b'{"inputs": [[1, 99999999999999999999, 1]]}', "a negative id": b'{"inputs": [[1, -5, 1]]}',
    "an id beyond the vocabulary": b'{"inputs": [[1, 2147483647, 1]]}', "no inputs": b"{}",
    "an unknown language": b'{"inputs": "<mask>", "parameters": {"language": "xx"}}',
    "a huge top_k": b'{"inputs": "<mask>", "parameters": {"top_k": 9223372036854775807}}',
    "targets of many pieces": json.dumps({"inputs": TEXT, "parameters": {"targets": ["dogs", "x" * 5000, "", "\x00"]}}).encode(),
    "20,000 members": json.dumps({f"k{n}": n for n in range(20000)}).encode()[:250000],
}
ROUTES = ("/fill-mask", "/embed", "/v1/embeddings", "/score", "/tokenize", "/decode", "/similarity", "/predict", "/")


def broken(context, row):
    """Requests that break the rules of HTTP, and bodies that break those of JSON and of the routes."""
    model = context.model()
    right = [context.answer(model)]
    with Server(context, model, "--memory", "96M", "--timeout", "3") as server:
        for name, (data, statuses, most, closes) in BROKEN.items():
            row.judge(name, exchange(server, data, statuses, most, closes) or alive(server, right))
        for route in ROUTES:
            for name, body in BODIES.items():
                data = b"POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n" % (route.encode(), HOST, len(body)) + body
                row.judge(f"{route}: {name}", exchange(server, data, {200, 400, 404, 413, 422, 424}, 1, False))
            row.judge(f"{route}: afterwards", alive(server, right))
        row.judge("the end", server.end(budget=96 * MEBIBYTE))


def half_closed(context, row):
    """Clients that close their side, or everything, at any byte of a request."""
    model, choose = context.model(), context.random("half-closed")
    request, right = post("/fill-mask", {"inputs": TEXT}), [context.answer(model)]
    with Server(context, model, "--memory", "96M", "--timeout", "3") as server:
        for index in range(context.count(150, 30)):
            length = choose.choice((0, len(request), len(request) - 1, choose.randrange(len(request))))
            ending = choose.choice((socket.SHUT_WR, socket.SHUT_RD, socket.SHUT_RDWR, None))
            try:
                with server.connect() as connection:
                    connection.sendall(request[:length])
                    if ending is not None:
                        connection.shutdown(ending)
                    if ending == socket.SHUT_WR and not receive(connection, 6)[1]:
                        row.judge(f"closed after {length} bytes", "is held open for more than 6 s")
                        continue
            except OSError:
                pass  # the server may well close first
            row.judge(f"closed after {length} bytes", alive(server, right) if index % 5 == 0 else None)
        row.judge("the end", alive(server, right) or server.end(budget=96 * MEBIBYTE))


def descriptors(context, row):
    """More connections than the server may open files; it must neither end, nor spin, nor forget others."""
    model = context.model()
    right = [context.answer(model)]
    for limit in context.count((16, 20, 24, 32, 48, 64, 128), (24, 64)):
        row.judge(f"{limit} descriptors", exhausted(context, model, right, limit))
    for limit in (3, 4, 5, 6, 8):
        for arguments in (("fill-mask", model, TEXT, "--json"), ("verify", model)):
            result = context.run(*arguments, descriptors=limit)
            crashed = result.code > 128 or result.timed_out
            row.judge(f"{arguments[0]}, {limit} descriptors", f"ended with {result.code}" if crashed else None)


def exhausted(context, model, right, limit):
    try:
        server = Server(context, model, "--memory", "64M", descriptors=limit).__enter__()
    except ConnectionError as error:
        # Too few to start with is a plain error too.
        return None if "thimble:" in str(error) and "Fatal" not in str(error) else str(error)
    with_server = []
    try:
        for _ in range(2 * limit + 20):
            connection = socket.socket()
            connection.settimeout(0.2)
            with_server.append(connection)
            try:
                connection.connect(("127.0.0.1", server.port))
            except OSError:
                pass
        before, begun = server.processor_seconds(), time.monotonic()
        time.sleep(1)
        busy = (server.processor_seconds() - before) / (time.monotonic() - begun)
        if busy > 0.5:
            return f"spins while it is out of descriptors: {busy * 100:.0f} % of a processor"
    except OSError as error:
        return f"ended while it was out of descriptors: {error!r}: {server.log()[-200:]!r}"
    finally:
        for connection in with_server:
            connection.close()
    try:
        end, problem = time.monotonic() + 10, "never"
        while problem and time.monotonic() < end:
            problem = alive(server, right)
            time.sleep(0.1)
        return problem and f"does not answer when descriptors are there again: {problem}" or server.end()
    finally:
        server.__exit__()


def exchange(server, data, statuses, most, closes):
    """Sends `data` and looks at all that comes back within a second, or until it closes."""
    begun = time.monotonic()
    try:
        with server.connect() as connection:
            try:
                connection.sendall(data)
            except OSError:
                pass  # refused while it was sent; the answer counts
            received, is_closed = receive(connection, 5 if closes else 0.05, stop=not closes)
    except ConnectionError:
        received, is_closed = b"", True
    except OSError as error:
        return repr(error)
    found = [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3})", received)]
    if (found[0] if found else None) not in statuses:
        return f"answers {found or 'nothing'}, not {statuses}"
    if len(found) > most:
        return f"answers {found}"
    if closes and not is_closed:
        return f"is not closed after {time.monotonic() - begun:.1f} s"
    if found and found[0] >= 400 and (reason := tells_too_much(received, server)):
        return reason
    return None


def tells_too_much(received, server):
    body = received.partition(b"\r\n\r\n")[2]
    if first_control(body):
        return "a control character in an error"
    if len(body) > 2048:
        return f"an error of {len(body)} bytes"
    for word in (server.context.work.encode(), b"/proc/", b".thimble"):
        if word in body:
            return f"an error tells a path: {body[:160]!r}"
    if flag := re.search(rb"(?<![\w-])--[a-z]+", body):
        return f"an error names the command's {flag[0].decode()}"
    return None


def receive(connection, seconds, stop=False):
    """All that comes within `seconds`, and whether the other side closed.

    With `stop` a whole answer is enough, for which there are five seconds more.
    """
    received, end = b"", time.monotonic() + seconds + (5 if stop else 0)
    connection.settimeout(max(seconds, 0.05))
    while time.monotonic() < end:
        try:
            part = connection.recv(1 << 16)
        except TimeoutError:
            if not stop:
                return received, False
            if is_whole(received):
                return received, False
            continue
        except ConnectionResetError:
            return received, True
        if not part:
            return received, True
        received += part
    return received, False


def is_whole(received):
    head, end, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(end) and (not length or len(body) >= int(length[1]))
