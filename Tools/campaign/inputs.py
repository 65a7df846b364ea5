"""Ways of saying something wrong to a command: keys, paths, pipes, numbers that are none."""

import os
import re
import shutil
import signal
import struct
import subprocess
import time

from checkpoints import tensors, write_checkpoint
from context import TEXT
from outcome import MEBIBYTE, Run, fault
from server import Server


def keys(context, row):
    """API keys that are empty, or begin with a line end, must not open the server to everybody."""
    model, folder = context.model(), context.folder("keys")
    for name, key in {"empty": "", "a line end": "\n", "a line end and a key": "\nsecret", "CR LF": "\r\n",
                      "spaces": "   ", "a tab": "\t", "a null byte": None, "a carriage return": "\rsecret"}.items():
        if key is not None:
            result = context.run("serve", model, "--port", "0", environment={"THIMBLE_API_KEY": key})
            row.judge(f"THIMBLE_API_KEY: {name}", closed(result))
        path = os.path.join(folder, "key")
        with open(path, "wb") as file:
            file.write(b"\0" if key is None else key.encode())
        result = context.run("serve", model, "--port", "0", "--api-key-file", path)
        row.judge(f"--api-key-file: {name}", closed(result))
    with Server(context, model, environment={"THIMBLE_API_KEY": "secret"}) as server:
        for name, headers in {"none": {}, "empty": {"Authorization": ""}, "Bearer": {"Authorization": "Bearer "},
                              "another": {"Authorization": "Bearer secre"}, "longer": {"Authorization": "Bearer secret2"},
                              "basic": {"Authorization": "Basic secret"}}.items():
            for route in ("/fill-mask", "/embed", "/v1/embeddings", "/info", "/tokenize", "/v1/models"):
                status, _ = server.ask("GET" if route in ("/info", "/v1/models") else "POST", route,
                                       None if route in ("/info", "/v1/models") else {"inputs": TEXT}, headers)
                row.judge(f"{route} with the key: {name}", None if status == 401 else f"status {status}")
        row.judge("the end", server.end())


def closed(result):
    """A key that is none is refused at the start; a server that runs on hangs, as far as `run` knows."""
    if result.timed_out:
        return "the server runs"
    return fault(result, (64, 65, 66))


def files(context, row):
    """FIFOs, folders, devices and impossible names where a file is read or written."""
    model, folder = context.model(), context.folder("files")
    fifo = os.path.join(folder, "fifo")
    os.mkfifo(fifo)
    loop = os.path.join(folder, "loop")
    os.symlink(loop, loop)
    secret = os.path.join(folder, "empty")
    open(secret, "wb").close()
    for path in (fifo, folder, "/dev/zero", "/dev/null", "/dev/stdin", loop, secret, "/", "", "/nowhere/x", "x" * 5000):
        for command in (("fill-mask", path, "a <mask>"), ("verify", path), ("inspect", path), ("tokenize", path, "a"),
                        ("serve", path, "--port", "0"), ("convert", path, "-o", os.path.join(folder, "o.thimble")),
                        ("evaluate", model, "--reference", path, "--text", folder)):
            row.judge(f"{command[0]} {named(path, folder)}", fault(context.run(*command), (64, 65, 66, 74)))
    for name in ("", "/", folder, "/nowhere/x.thimble", os.path.join(folder, "y" * 300), "/dev/null", fifo, loop,
                 os.path.join(folder, "no/such/folder.thimble"), "/proc/x.thimble"):
        # Refused before the work: in the time that it takes to start, not in that of a conversion.
        result = context.run("convert", context.checkpoint, "-o", name, "--calibrate-randomly", patience=2)
        row.judge(f"convert -o {named(name, folder)}", fault(result, (64, 66, 74), patience=2))
    if names := set(os.listdir(folder)) - {"fifo", "loop", "empty"}:
        row.judge("what is left", ", ".join(sorted(names)))


def named(path, folder):
    path = path.replace(folder, "FOLDER")
    return repr(path if len(path) < 40 else f"{path[:20]}… ({len(path)} bytes)")


def numbers(context, row):
    """Weights that are too large, and answers that are then no numbers."""
    folder = context.folder("numbers")
    shapes = tensors(64, 1, 128, 128)
    size = lambda shape: shape[0] * (shape[1] if len(shape) > 1 else 1)
    for name, value in {"3e38": 3e38, "1e30": 1e30, "1e-40": 1e-40, "-3e38": -3e38}.items():
        values = {key: struct.pack("<f", value) * size(shape) for key, shape in shapes.items()}
        checkpoint, path = os.path.join(folder, name), os.path.join(folder, f"{name}.thimble")
        write_checkpoint(checkpoint, values=values)
        result = context.run("convert", checkpoint, "-o", path)
        row.judge(f"convert weights of {name}", fault(result, (0, 65)))
        for model in (path, checkpoint):
            if not os.path.exists(model):
                continue
            for command in ("fill-mask", "embed"):
                result = context.run(command, model, "--ids", *(["--json"] if command == "fill-mask" else []),
                                     input=b"[1, 20, 5, 30, 1]\n")
                row.judge(f"{command} of {os.path.basename(model)}", fault(result, (0, 65)) or no_number(result))


def no_number(result):
    found = re.search(rb"(?i)\b(nan|inf|infinity)\b", result.output)
    return result.code == 0 and found and f"prints {found[0].decode()} with exit code 0" or None


def shapes(context, row):
    """What `convert` takes, every command opens: shapes at the limits of the format."""
    folder = context.folder("shapes")
    shapes = [dict(dim=8192, heads=8, vocabulary=64, positions=64), dict(dim=4096, heads=32, vocabulary=64, positions=64),
              dict(dim=2048, heads=16, vocabulary=70000, positions=64), dict(dim=64, heads=1, vocabulary=64, positions=2),
              dict(dim=64, heads=64, vocabulary=64, positions=3), dict(dim=96, heads=6, vocabulary=33, positions=33),
              dict(dim=64, heads=4, vocabulary=64, positions=70000), dict(dim=12288, heads=96, vocabulary=64, positions=64),
              dict(dim=8, heads=8, vocabulary=6, positions=8), dict(dim=64, layers=40, heads=8, vocabulary=64)]
    for shape in shapes[:context.count(len(shapes), 4)]:
        checkpoint, path = os.path.join(folder, "checkpoint"), os.path.join(folder, "made.thimble")
        write_checkpoint(checkpoint, **shape)
        result = context.run("convert", checkpoint, "-o", path, patience=60)
        name = ", ".join(f"{key} {value}" for key, value in shape.items())
        reason = fault(result, (0, 65), patience=60)
        if not reason and result.code == 0:
            reason = fault(context.run("verify", path, patience=30), (0,), patience=30)
            reason = reason or fault(context.run("fill-mask", path, "--ids", "--json", input=b"[1, 5, 1]\n", patience=30),
                                     (0, 65), patience=30)
            reason = reason or fault(context.run("inspect", path), (0,))
        row.judge(name, reason)
        if os.path.exists(path):
            os.unlink(path)
        if os.path.exists(checkpoint):
            shutil.rmtree(checkpoint)


def interruptions(context, row):
    """SIGINT, SIGTERM and closed pipes at random moments: an end without a crash, and nothing half-written."""
    choose, model = context.random("interruptions"), context.model()
    folder = context.folder("interruptions")
    path = os.path.join(folder, "model.thimble")
    for index in range(context.count(60, 10)):
        number = choose.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        command = choose.choice((("convert", context.checkpoint, "-o", path), ("fill-mask", model, "--json"),
                                 ("evaluate", model, "--reference", context.checkpoint, "--text", text_folder(context)),
                                 ("bench", model)))
        process = subprocess.Popen([context.thimble, *command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        time.sleep(choose.uniform(0.0, 0.4))
        process.send_signal(number)
        begun = time.monotonic()
        try:
            _, errors = process.communicate(timeout=8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            row.judge(f"{command[0]}, {number.name}", "does not end within 8 s")
            continue
        # Ended by the very signal, by its exit code, or already done.
        allowed = {-number, 128 + number, 0, 65, 74}
        result = Run(0 if process.returncode in allowed else process.returncode, b"", errors, time.monotonic() - begun)
        result.code = 128 - result.code if result.code < 0 else result.code
        reason = fault(result)
        if not reason and command[0] == "convert" and os.path.exists(path):
            reason = fault(context.run("verify", path))
            os.unlink(path)
        row.judge(f"{command[0]}, {number.name}", reason)
    context.run("convert", context.checkpoint, "-o", path)
    if names := set(os.listdir(folder)) - {"model.thimble"}:
        row.judge("what is left", ", ".join(sorted(names)))


def text_folder(context):
    folder = os.path.join(context.work, "texts")
    if not os.path.isdir(folder):
        os.makedirs(folder)
        with open(os.path.join(folder, "fr.txt"), "w", encoding="utf-8") as file:
            file.write("Elle a ouvert la porte de la maison.\n" * 40)
    return folder
