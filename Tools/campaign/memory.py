"""Memory that the system refuses, and the memory that --memory promises."""

import json
import os

from checkpoints import write_checkpoint
from context import TEXT
from outcome import MEBIBYTE, fault
from server import Server

# What the dynamic loader says before the program's first instruction.
LOADER = b"error while loading shared libraries"


def refused(context, row):
    """Address spaces (prlimit, ulimit -v) from too small to start in, to large enough."""
    model = context.model()
    lines = "\n".join([TEXT] * 4 + ["word " * 100 + "<mask>"]).encode() + b"\n"
    long_line = b"word " * 2_000_000 + b"\n"
    output = os.path.join(context.folder("refused"), "out.thimble")
    commands = {
        "fill-mask": (("fill-mask", model, "--json"), lines),
        "embed": (("embed", model, "--truncate"), lines),
        "tokenize": (("tokenize", model, "--json"), lines),
        "tokenize of a line of 10 MB": (("tokenize", model, "--json"), long_line),
        "embed of a line of 10 MB": (("embed", model, "--truncate"), long_line),
        "convert": (("convert", context.checkpoint, "-o", output), b""),
        "fill-mask in fp32": (("fill-mask", context.checkpoint, "--json"), lines),
        "verify": (("verify", model), b""),
        "inspect": (("inspect", model, "--json"), b""),
    }
    least = least_to_start(context)
    for name, (arguments, text) in commands.items():
        free = context.run(*arguments, input=text, patience=30)
        count, step = context.count(24, 5), context.count(1, 5)
        for index in range(count):
            # Narrow steps where the program starts, wide ones where its data are.
            space = least + int(MEBIBYTE * (index * step) ** 1.6 * 0.6)
            result = context.run(*arguments, input=text, address_space=space, patience=30)
            codes = {64, 74, free.code} | ({127} if LOADER in result.errors else set())
            reason = fault(result, sorted(codes), patience=30)
            if not reason and result.code == 0 and name != "convert" and result.output != free.output:
                reason = "another answer than with all memory"
            row.judge(f"{name} in an address space of {space / MEBIBYTE:.1f} MiB", reason)
    for space in [least + MEBIBYTE * more for more in context.count((4, 8, 16, 32, 64, 128), (8, 64))]:
        row.judge(f"serve in an address space of {space / MEBIBYTE:.1f} MiB", serve(context, model, space))
    row.note(f"the program starts in {least / MEBIBYTE:.1f} MiB of address space")


def least_to_start(context):
    """The smallest address space that `thimble --version` runs in, to 64 KiB."""
    low, high = MEBIBYTE, 512 * MEBIBYTE
    while high - low > 65536:
        middle = (low + high) // 2
        if context.run("--version", address_space=middle).code == 0:
            high = middle
        else:
            low = middle
    return high


def serve(context, model, space):
    """A server either does not start, and says so, or answers rightly whatever is asked."""
    right = context.answer(model)
    try:
        with Server(context, model, "--memory", "32M", address_space=space) as server:
            for body in ({"inputs": TEXT}, {"inputs": [TEXT] * 32}, {"inputs": "word " * 50000},
                         {"inputs": TEXT}):
                status, answer = server.ask("POST", "/fill-mask", body)
                if status == 200 and body["inputs"] == TEXT and json.loads(answer) != right:
                    return "a wrong answer without a word"
            return server.end()
    except ConnectionError as error:
        # It ended before it served: with a message, and not by a signal.
        text = str(error)
        good = "thimble:" in text or "Error:" in text or LOADER.decode() in text
        return None if good and "Fatal" not in text else text
    except OSError as error:
        return f"asked, and got {error!r}"


def promised(context, row):
    """Private memory under --memory, and under `auto`, for models of several shapes."""
    small, tiny = context.model(), context.tiny_model("model")
    texts = "\n".join([TEXT] * 20 + ["mot " * 200 + "<mask>"] * 3).encode() + b"\n"
    for megabytes in context.count((16, 20, 24, 32, 48, 96, 430), (24, 96)):
        for name, arguments in {"fill-mask": ("fill-mask", small, "--json"), "embed": ("embed", small)}.items():
            result = context.run(*arguments, "--memory", f"{megabytes}M", input=texts, watch=True, patience=30)
            row.judge(f"{name} --memory {megabytes}M",
                      fault(result, (0, 64), patience=30, private=megabytes * MEBIBYTE))
    for name, model in {"small": small, "tiny": tiny}.items():
        result = context.run("fill-mask", model, TEXT, "--json", "--memory", "auto", watch=True)
        row.judge(f"fill-mask --memory auto, {name} model",
                  fault(result, (0, 65), private=os.path.getsize(model) * 3 + 32 * MEBIBYTE))
    vectors_of_many_positions(context, row)


def vectors_of_many_positions(context, row):
    """A model most of which is vectors and position embeddings, not matrices."""
    folder = context.folder("wide")
    write_checkpoint(folder, dim=1024, layers=1, heads=8, vocabulary=8192, positions=40960)
    path = os.path.join(folder, "wide.thimble")
    result = context.run("convert", folder, "-o", path, patience=60)
    if problem := fault(result, patience=60):
        row.judge("convert a model of 40,960 positions", problem)
        return
    ids = b"[1, 20, 5, 30, 1]\n"
    for memory, bound in (("48M", 48), ("96M", 96), ("auto", 1024)):
        result = context.run("fill-mask", path, "--ids", "--json", "--memory", memory, input=ids,
                             watch=True, patience=15)
        row.judge(f"fill-mask --memory {memory}, 40,960 positions",
                  fault(result, (0, 64), patience=15, private=bound * MEBIBYTE))
