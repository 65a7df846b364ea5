"""The campaign must be able to lose: every kind of loss is planted here once, and found.

  python3 -m unittest discover -s Tools/campaign
"""

import os
import stat
import sys
import tempfile
import textwrap
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import disk
import killed
import mapped
from context import Context, run
from fuzzers import report
from outcome import MEBIBYTE, Row, Run, fault, table
from thimble_file import xxh64

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def shell(script, **options):
    return run(["sh", "-c", script], **options)


class Judgement(unittest.TestCase):
    def test_what_is_right_is_no_loss(self):
        self.assertIsNone(fault(shell("echo fine")))
        self.assertIsNone(fault(shell("echo 'no such file' >&2; exit 66"), (65, 66)))

    def test_signals_and_traps(self):
        for name in ("SEGV", "ILL", "ABRT", "BUS", "KILL", "TRAP"):
            self.assertIn(f"SIG{name}", fault(shell(f"kill -{name} $$"), (0, 65, 66, 74)), name)
        # A shell in between says it by its exit code.
        self.assertIn("SIGTRAP", fault(Run(133), (0,)))

    def test_hangs(self):
        self.assertIn("hangs", fault(shell("sleep 5", patience=0.2), patience=0.2))

    def test_words_of_a_crash(self):
        self.assertIn("crashes", fault(shell("echo 'Fatal error: index' >&2; exit 65"), (65,)))

    def test_exit_codes(self):
        self.assertIn("exit code 1", fault(shell("echo oh >&2; exit 1"), (0, 65)))
        self.assertIn("exit code 0", fault(shell("true"), (65,)))

    def test_messages(self):
        self.assertIn("without a word", fault(shell("exit 65"), (65,)))
        self.assertIn("a message of 3000", fault(shell("head -c 3000 /dev/zero | tr '\\0' a >&2; exit 65"), (65,)))
        self.assertIn("control character", fault(shell("printf '\\033[31m' >&2; exit 65"), (65,)))

    def test_memory(self):
        large = "import time; a = bytearray(80 << 20); time.sleep(0.1)"
        result = run([sys.executable, "-c", large], watch=True)
        self.assertIn("private", fault(result, private=64 * MEBIBYTE))
        self.assertIn("resident", fault(result, memory=64 * MEBIBYTE))
        self.assertIsNone(fault(result, private=256 * MEBIBYTE, memory=256 * MEBIBYTE))

    def test_fuzzers(self):
        for code, text, lost, tried in ((0, b"#1\tINITED\nDone 1234 runs in 10 second(s)\n", 0, 1234),
                                        (77, b"#99\tNEW\nSUMMARY: AddressSanitizer: heap-buffer-overflow\n", 1, 99)):
            row = Row("fuzz", "fuzz")
            report(row, "subject", code, text)
            self.assertEqual((row.lost, row.tried), (lost, tried))

    def test_table(self):
        row = Row("a", "what")
        row.judge("case", None)
        row.judge("other", "bad")
        self.assertIn("| what | 2 | 1 | 1 |", table([row]))
        self.assertIn("LOST: a: other: bad", table([row]))

    def test_hash(self):
        # Of the specification of xxHash, seed 0.
        self.assertEqual(xxh64(b""), 0xEF46DB3751D8E999)
        self.assertEqual(xxh64(b"abc"), 0x44BC2CF5AD770999)


class Planted(unittest.TestCase):
    """Commands that do it wrong, in the place of `thimble`."""

    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)

    def context(self, body):
        path = os.path.join(self.work.name, "thimble")
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/usr/bin/env python3\nimport json, os, sys, time\ncommand, words = sys.argv[1], sys.argv[2:]\n"
                       "if '-o' in words: target = words[words.index('-o') + 1]\n" + textwrap.dedent(body))
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        context = Context(ROOT, path, os.path.join(self.work.name, "work"), "seed", quick=True)
        os.makedirs(context.work)
        return context

    WRITER = """
        if command == 'verify':
            sys.exit(0 if open(words[0]).read() == 'whole' else (print('half', file=sys.stderr), 65)[1])
        {write}
        """

    def kills(self, write):
        row = Row("killed", "killed")
        killed.kills(self.context(self.WRITER.format(write=write)), row)
        return row

    def test_a_file_that_is_written_in_place(self):
        row = self.kills("file = open(target, 'w'); file.write('wh'); file.flush(); time.sleep(0.2); file.write('ole')")
        self.assertTrue(any("half-written" in reason for _, reason in row.losses), row.losses)

    def test_a_partial_file_that_nobody_removes(self):
        row = self.kills("open(target + str(os.getpid()), 'w').close(); time.sleep(0.1); "
                         "open(target + '!', 'w').write('whole'); os.rename(target + '!', target)")
        self.assertTrue(any("left lying" in reason for _, reason in row.losses), row.losses)

    def test_a_file_that_is_renamed_when_it_is_whole(self):
        row = self.kills("time.sleep(0.05); open(target + '!', 'w').write('whole'); os.rename(target + '!', target)")
        self.assertEqual([loss for loss in row.losses if "left lying" not in loss[1]], [])
        self.assertGreater(row.tried, 10)

    def test_a_wrong_answer_after_a_change(self):
        context = self.context("""
            for line in sys.stdin:
                print(json.dumps([os.path.getsize(words[0])]), flush=True)
            """)
        path = os.path.join(self.work.name, "model")
        with open(path, "w", encoding="ascii") as file:
            file.write("12345")
        self.assertIn("wrong answer", mapped.talk(context, path, [5], lambda: os.truncate(path, 2), (0, 74)))
        with open(path, "w", encoding="ascii") as file:
            file.write("12345")
        self.assertIsNone(mapped.talk(context, path, [5], lambda: None, (0, 74)))

    def test_a_full_disk_that_nobody_notices(self):
        context = self.context("open(target, 'w').write('whole')")
        if disk.why_not(context.folder("disk")):
            self.skipTest("no file system can be mounted here")
        context.model = lambda: __file__
        row = Row("disk", "disk")
        disk.full_disk(context, row)
        self.assertEqual(row.lost, row.tried)


if __name__ == "__main__":
    unittest.main()
