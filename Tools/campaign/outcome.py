"""What counts as lost: the one place where outcomes are judged."""

import dataclasses
import re

MEBIBYTE = 1 << 20
PATIENCE = 5  # seconds; what takes longer hangs
LONGEST_MESSAGE = 2048  # bytes on standard error

# What shells report for SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL and SIGSEGV.
SIGNALS = {132: "SIGILL", 133: "SIGTRAP", 134: "SIGABRT", 135: "SIGBUS", 136: "SIGFPE",
           137: "SIGKILL", 139: "SIGSEGV"}
# What the Swift runtime and the sanitizers print on their way out.
CRASHES = (b"Fatal error", b"Crash:", b"Program crashed", b"Stack dump", b"Could not allocate memory",
           b"terminate called", b"AddressSanitizer", b"Precondition failed", b"stack smashing")
REFUSED = re.compile(rb"Fatal error: failed to allocate|terminate called[^\n]*bad_alloc")


@dataclasses.dataclass
class Run:
    """What became of one process."""

    code: int  # 128 + the signal's number if a signal ended it
    output: bytes = b""
    errors: bytes = b""
    seconds: float = 0.0
    peak: int = 0  # bytes resident at most, mapped files among them
    private: int = 0  # bytes of anonymous memory at most, if it was watched
    timed_out: bool = False


def fault(run, codes=(0,), patience=PATIENCE, memory=None, private=None, longest=LONGEST_MESSAGE):
    """Why `run` is a loss, or None.

    `codes` are the exit codes that are right; with another one than 0 there has to be a message.
    `memory` and `private` are bytes that `run.peak` and `run.private` have to stay within.
    """
    if run.timed_out or run.seconds > patience:
        return f"hangs: {run.seconds:.1f} s"
    if run.code > 128:
        return f"ended by {SIGNALS.get(run.code, f'signal {run.code - 128}')}"
    # That the runtime names what it was refused is no crash, if an end with a word follows.
    errors = REFUSED.sub(b"", run.errors) if run.code == 74 else run.errors
    for word in CRASHES:
        if word in errors:
            return f"crashes: {word.decode()}"
    if run.code not in codes:
        wanted = " or ".join(str(code) for code in codes)
        return f"exit code {run.code}, not {wanted}: {short(run.errors)}"
    if run.code and not run.errors.strip():
        return f"exit code {run.code} without a word"
    if len(run.errors) > longest:
        return f"a message of {len(run.errors)} bytes"
    if control := first_control(run.output + run.errors):
        return f"control character {control:#04x} in what it prints"
    if memory and run.peak > memory:
        return f"{run.peak / MEBIBYTE:.0f} MiB resident, {memory / MEBIBYTE:.0f} allowed"
    if private and run.private > private:
        return f"{run.private / MEBIBYTE:.0f} MiB private, {private / MEBIBYTE:.0f} allowed"
    return None


def first_control(text):
    """The first byte of `text` that a terminal obeys, or 0."""
    return next((byte for byte in text if (byte < 32 and byte not in b"\t\n\r") or byte == 127), 0)


def short(text, limit=160):
    """The first line of `text`, printable and cut."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    line = next((line for line in text.splitlines() if line.strip()), "")
    line = "".join(c if c.isprintable() else "�" for c in line)
    return line if len(line) <= limit else line[:limit] + "…"


class Row:
    """One line of the table: how often something was tried, and what was lost."""

    def __init__(self, name, about):
        self.name, self.about = name, about
        self.tried, self.losses, self.notes = 0, [], []
        self.skipped, self.seconds = None, 0.0

    def judge(self, case, reason):
        """Counts one attempt, which is lost for `reason` unless that is None."""
        self.tried += 1
        if reason:
            self.losses.append((str(case), reason))

    def skip(self, reason):
        self.skipped = reason

    def note(self, text):
        self.notes.append(text)

    @property
    def lost(self):
        return len(self.losses)

    def json(self):
        return {"name": self.name, "about": self.about, "tried": self.tried,
                "survived": self.tried - self.lost, "lost": self.lost, "skipped": self.skipped,
                "seconds": round(self.seconds, 1), "notes": self.notes,
                "losses": [{"case": case, "reason": reason} for case, reason in self.losses]}


def table(rows):
    """The rows as a table in Markdown, with every loss and every note beneath."""
    lines = ["| what | tried | survived | lost |", "|---|---:|---:|---:|"]
    for row in rows:
        figures = (f"| {row.tried:,} | {row.tried - row.lost:,} | {row.lost:,} |" if row.tried
                   else f"| skipped: {row.skipped or 'nothing to try'} | | |")
        lines.append(f"| {row.about} {figures}")
    for row in rows:
        lines += [f"note: {row.name}: {note}" for note in row.notes]
        for case, reason in row.losses[:10]:
            lines.append(f"LOST: {row.name}: {case}: {reason}")
        if row.lost > 10:
            lines.append(f"LOST: {row.name}: and {row.lost - 10} more")
    return "\n".join(lines)
