"""kill -9 while a file is written: the old file stays, or the new one is whole."""

import os

from outcome import fault

OLD = b"the old file"


def kills(context, row):
    """SIGKILL at random moments of `convert`, in its ways of reaching a size."""
    folder, choose = context.folder("killed"), context.random("killed")
    path = os.path.join(folder, "model.thimble")
    # Calibrating takes seconds: it is killed less often.
    ways = [([], context.count(110, 12)), (["--size", "2500KB"], context.count(70, 6)),
            (["--bits", "6", "--calibrate-randomly"], context.count(20, 0))]
    ended, leftovers = 0, 0
    for options, count in ways:
        if not count:
            continue
        command = ("convert", context.checkpoint, "-o", path, *options)
        write(path, OLD)
        whole = context.run(*command, patience=120)
        if problem := fault(whole, patience=120):
            row.judge("convert " + " ".join(options), problem)
            continue
        for _ in range(count):
            moment = choose.uniform(0, 1.1 * whole.seconds)
            write(path, OLD)
            result = context.run(*command, kill_after=moment, patience=120)
            case = f"convert {' '.join(options)} killed after {moment:.3f} s"
            ended += result.code == 0
            reason = None if result.code in (0, 137) else fault(result, patience=120)
            row.judge(case, reason or state(context, path, finished=result.code == 0))
            leftovers += bool(set(os.listdir(folder)) - {"model.thimble"})
        # What a killed run had to leave, the next one sweeps.
        context.run(*command, patience=120)
        if names := set(os.listdir(folder)) - {"model.thimble"}:
            row.judge(f"after convert {' '.join(options)}", f"left lying: {', '.join(sorted(names))}")
    row.note(f"{ended} runs had ended before they were to be killed; {leftovers} left a partial file, "
             "which the next run removed")


def state(context, path, finished):
    """Why what stands at `path` is neither the old file nor a whole new one."""
    with open(path, "rb") as file:
        if file.read(len(OLD) + 1) == OLD:
            return "exit code 0 without the new file" if finished else None
    problem = fault(context.run("verify", path))
    return problem and f"half-written: {problem}"


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
