"""The fuzzers of Tools/Fuzz, each under AddressSanitizer for its share of the time."""

import glob
import os
import re
import subprocess

from outcome import short

BUILDING = 3600  # seconds for what is compiled first


def subjects(root):
    """The names that Tools/Fuzz/run knows: one for each source file there."""
    return sorted(os.path.splitext(os.path.basename(path))[0]
                  for path in glob.glob(os.path.join(root, "Tools", "Fuzz", "*.swift")))


def fuzz(context, row, subject, seconds):
    """Runs one fuzzer; what is tried is its executions."""
    log = os.path.join(context.work, f"fuzz-{subject}.log")
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [context.file("Tools/Fuzz/run"), subject, str(int(seconds))], cwd=context.root,
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = process.wait(BUILDING + 2 * seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            code = process.wait()
    with open(log, "rb") as file:
        text = file.read()
    report(row, subject, code, text)


def report(row, subject, code, text):
    """Reads what libFuzzer said."""
    done = re.findall(rb"Done (\d+) runs in (\d+) second", text)
    counts = re.findall(rb"^#(\d+)\t", text, re.MULTILINE)
    row.tried += int(done[-1][0]) if done else int(counts[-1]) if counts else 0
    found = re.search(rb"(?:SUMMARY|ERROR): ?[^\n]*|Test unit written to [^\n]*|Fatal error[^\n]*", text)
    if found:
        row.losses.append((subject, short(found[0])))
        row.tried = max(row.tried, 1)
    elif b" error: " in text:
        row.judge(f"Tools/Fuzz/{subject}.swift", "does not compile: " + short(text[text.index(b" error: "):][:300]))
    elif code or not done:
        row.skip(f"Tools/Fuzz/run {subject}: exit code {code}: {short(text[-400:])}")
    else:
        row.note(f"{int(done[-1][0]):,} executions in {done[-1][1].decode()} s")
