"""A full disk: a plain message, exit code 74, and the old file in its place."""

import os
import shlex

from context import run
from outcome import fault

MOUNT = "mount -t tmpfs -o size={size} none {folder}"


def full_disk(context, row):
    """`convert` onto file systems that are too small, of 20 sizes."""
    folder = context.folder("disk")
    if problem := why_not(folder):
        row.skip(problem)
        return
    needed = os.path.getsize(context.model())
    sizes = [int(needed * (index + 0.3) / 20) for index in range(context.count(20, 4))]
    for size in sizes:
        path, limit = os.path.join(folder, "model.thimble"), size // 4096 * 4096 + 8192
        script = "\n".join([
            MOUNT.format(size=limit, folder=shlex.quote(folder)),
            f"echo 'the old file' >{shlex.quote(path)}",
            shlex.join([context.thimble, "convert", context.checkpoint, "-o", path]),
            "code=$?",
            f"ls -A {shlex.quote(folder)} | tr '\\n' ' '",
            f"cat {shlex.quote(path)}",
            "exit $code"])
        result = run(["unshare", "-rm", "sh", "-c", script])
        reason = fault(result, codes=(74,))
        said = (b"not enough space", b"No space left")
        if not reason and not any(words in result.errors for words in said):
            reason = f"does not say that the disk is full: {result.errors!r}"
        # Convert prints its table last, so what it printed before would be a word too early.
        if not reason and result.output != b"model.thimble the old file\n":
            reason = f"leaves behind: {result.output[-200:]!r}"
        row.judge(f"convert with {limit // 1024} KiB of disk, {needed // 1024} needed", reason)


def why_not(folder):
    mount = MOUNT.format(size="1m", folder=shlex.quote(folder))
    return None if run(["unshare", "-rm", "sh", "-c", mount]).code == 0 else \
        "no file system can be mounted here"


def full_output(context, row):
    """Every command whose standard output is a full disk."""
    model = context.model()
    texts = b"a <mask> b\n" * 3
    commands = {
        "fill-mask": (model, "--json"), "embed": (model,), "tokenize": (model,), "inspect": (model,),
        "verify": (model,), "plan": (model, "--memory", "64M")}
    for name, arguments in commands.items():
        with open("/dev/full", "wb", buffering=0) as full:
            result = context.run(name, *arguments, input=texts, stdout=full)
        row.judge(f"{name} >/dev/full", fault(result, codes=(74,)))
