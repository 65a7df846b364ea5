"""Installs the peers' packages into a virtual environment and says what cannot be had."""

import os
import subprocess
import sys

# What each import needs. PyTorch is apart: see install_torch.
PACKAGES = {"numpy": ["numpy"], "onnxruntime": ["onnx", "onnxruntime"], "openvino": ["openvino"],
            "nncf": ["onnx", "openvino", "nncf"]}


class Environment:
    """A virtual environment in `folder`; `reasons` tells for each import why it is missing."""

    def __init__(self, folder, torch=None):
        self.python = os.path.join(folder, "venv", "bin", "python")
        self.torch, self.reasons = torch, {}
        if not os.path.exists(self.python):
            note("making a virtual environment")
            self.call([sys.executable, "-m", "venv", os.path.join(folder, "venv")])

    def need(self, module):
        """Why a module cannot be had, or None, after installing it if it was not there."""
        if module not in self.reasons:
            self.reasons[module] = None if self.has(module) else self.install(module)
        return self.reasons[module]

    def has(self, module):
        return self.call([self.python, "-c", f"import {module}"]) is None

    def install(self, module):
        note(f"installing {module}")
        reason = self.install_torch() if module == "torch" else self.pip(PACKAGES[module])
        return reason or self.call([self.python, "-c", f"import {module}"])

    def install_torch(self):
        """PyPI's wheels for Linux bring gigabytes of CUDA, so only a local one is taken unasked."""
        if self.torch:
            return self.pip(self.torch.split())
        if self.pip(["--no-index", "--no-deps", "torch"]):
            return ("PyPI's wheel for Linux brings CUDA. Name a smaller one: --torch "
                    '"torch --index-url https://download.pytorch.org/whl/cpu"')
        return self.pip(["torch"])  # what it depends on

    def pip(self, arguments):
        return self.call([self.python, "-m", "pip", "install", "-q", "--only-binary", ":all:",
                          *arguments])

    def call(self, command):
        """Runs a command; gives the last line of its complaint, or None."""
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            return None
        lines = done.stderr.strip().splitlines()
        return lines[-1] if lines else f"exit code {done.returncode}"


def note(text):
    print(f"bench-peers: {text}", file=sys.stderr, flush=True)
