"""The tensors of an fp32 safetensors checkpoint, mapped, and the shape of the model."""

import json
import mmap
import os
import struct

import numpy as np


class Checkpoint:
    """Tensors by their names less the prefix "transformer.", as read-only views of the file."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "model.safetensors")
        with open(self.path, "rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        length = struct.unpack("<Q", self.bytes[:8])[0]
        self.header = json.loads(self.bytes[8:8 + length])
        self.header.pop("__metadata__", None)
        self.start = 8 + length
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        self.layers, self.heads = config["n_layers"], config["n_heads"]
        self.width, self.epsilon = config["emb_dim"], config.get("layer_norm_eps", 1e-12)
        self.vocabulary = self.place("embeddings.weight")[2][0]
        # What these benchmarks leave out would make their comparison wrong, not just incomplete.
        has_languages = config.get("use_lang_emb", True) and config.get("n_langs", 1) > 1
        if not config.get("gelu_activation", True) or has_languages or config.get("pre_norm"):
            raise SystemExit(f"{self.path}: only GELU without language embeddings, with layers that normalise what they "
                             "yield, is known here.")

    def place(self, name):
        """Where in the file a tensor starts, how many values it has, and its shape."""
        whole = name if name.startswith("pred_layer.") else "transformer." + name
        entry = self.header[whole]
        if entry["dtype"] != "F32":
            raise SystemExit(f"{self.path}: {whole} is {entry['dtype']}; fp32 is wanted.")
        begin, end = entry["data_offsets"]
        return self.start + begin, (end - begin) // 4, entry["shape"]

    def __getitem__(self, name):
        start, count, shape = self.place(name)
        return np.frombuffer(self.bytes, "<f4", count, start).reshape(shape)
