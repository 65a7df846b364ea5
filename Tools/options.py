"""What the Python scripts of this folder share: help from their docstring, exit code 64 for wrong usage."""

import argparse
import sys


class Options(argparse.ArgumentParser):
    """A parser whose description is `text` as it stands; what follows its line "example:" comes last."""

    def __init__(self, text, **settings):
        about, found, example = text.partition("\nexample:\n")
        super().__init__(description=about, epilog=found.strip() + "\n" + example if found else None,
                         formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **settings)

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")
