"""Runs one peer in a process of its own and answers requests, a line of JSON for each.

  python worker.py PEER CHECKPOINT FOLDER THREADS

  {"do": "time", "ids": [[...]], "head": false, "seconds": 0.3}   {"milliseconds": [...]}
  {"do": "head"}                                                  {}
  {"do": "error"}                                                 {"error": relative}
Every answer has the process's private and peak memory in MiB, too.
"""

import json
import os
import sys
import time

import numpy as np
from checkpoint import Checkpoint
from runtimes import ONNXRuntime, OpenVINO, PyTorch


def open_peer(name, checkpoint, folder, threads):
    kind, _, variant = name.partition(" ")
    if kind == "torch":
        return PyTorch(Checkpoint(checkpoint), threads, variant)
    if kind == "onnxruntime":
        return ONNXRuntime(folder, threads)
    return OpenVINO(folder, threads, kind, variant or None)


def timed(peer, ids, head, seconds):
    """Milliseconds of each pass after a first one, for some seconds and once at least."""
    def once():
        peer.fill(ids, 1) if head else peer.encode(ids)
    once()
    times, start = [], time.perf_counter()
    while not times or time.perf_counter() - start < seconds:
        begun = time.perf_counter()
        once()
        times.append(1e3 * (time.perf_counter() - begun))
    return times


def relative_error(peer, folder):
    """The root of squared differences over squares of all hidden states of the texts."""
    with open(os.path.join(folder, "texts.jsonl"), encoding="ascii") as file:
        texts = [np.array([json.loads(line)]) for line in file]
    reference = np.load(os.path.join(folder, "reference", "states.npy"))
    # Copied at once: a runtime may lend a buffer that its next pass overwrites.
    states = np.array([np.array(peer.encode(ids)[0], np.float64) for ids in texts])
    return float(np.sqrt(np.square(states - reference).sum() / np.square(reference).sum()))


def memory():
    with open("/proc/self/status", encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file)
    mebibytes = lambda key: int(status[key].split()[0]) / 1024
    return {"private": mebibytes("RssAnon"), "peak": mebibytes("VmHWM")}


def main():
    name, checkpoint, folder, threads = sys.argv[1:]
    # Libraries may print; what they print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    peer = open_peer(name, checkpoint, folder, int(threads))
    answer = {}
    while True:
        print(json.dumps(answer | memory()), file=answers)
        line = sys.stdin.readline()
        if not line:
            return
        request, answer = json.loads(line), {}
        if request["do"] == "head":
            peer.load_head()
        elif request["do"] == "error":
            answer = {"error": relative_error(peer, folder)}
        else:
            ids = np.array(request["ids"], np.int64)
            answer = {"milliseconds": timed(peer, ids, request["head"], request["seconds"])}


if __name__ == "__main__":
    main()
