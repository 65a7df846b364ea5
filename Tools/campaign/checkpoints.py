"""Checkpoints of any shape, in sparse files: their weights are zeros, and cost no disk."""

import json
import math
import os
import struct

CONFIGURATION = {
    "model_type": "xlm", "architectures": ["XLMWithLMHeadModel"], "n_langs": 1, "use_lang_emb": False,
    "gelu_activation": True, "sinusoidal_embeddings": False, "asm": False, "causal": False,
    "layer_norm_eps": 1e-12, "bos_index": 0, "eos_index": 1, "pad_index": 2, "unk_index": 3,
    "mask_index": 5}


def write_checkpoint(folder, dim=64, layers=1, heads=4, vocabulary=128, positions=128, values=None,
                     **configuration):
    """`values` gives the fp32 bytes of some tensors, by name; the others are zeros."""
    os.makedirs(folder, exist_ok=True)
    config = {**CONFIGURATION, "emb_dim": dim, "n_layers": layers, "n_heads": heads,
              "vocab_size": vocabulary, "n_words": vocabulary, "max_position_embeddings": positions,
              **configuration}
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file)
    write_safetensors(os.path.join(folder, "model.safetensors"),
                      tensors(dim, layers, vocabulary, positions), values or {})


def tensors(dim, layers, vocabulary, positions):
    """Name and shape of every tensor of a masked language model."""
    named = {"position_embeddings.weight": (positions, dim), "embeddings.weight": (vocabulary, dim)}

    def linear(name, rows, columns):
        named[f"{name}.weight"], named[f"{name}.bias"] = (rows, columns), (rows,)

    def norm(name):
        named[f"{name}.weight"], named[f"{name}.bias"] = (dim,), (dim,)

    norm("layer_norm_emb")
    for layer in range(layers):
        for part in ("q_lin", "k_lin", "v_lin", "out_lin"):
            linear(f"attentions.{layer}.{part}", dim, dim)
        norm(f"layer_norm1.{layer}")
        linear(f"ffns.{layer}.lin1", 4 * dim, dim)
        linear(f"ffns.{layer}.lin2", dim, 4 * dim)
        norm(f"layer_norm2.{layer}")
    return {**{f"transformer.{name}": shape for name, shape in named.items()},
            "pred_layer.proj.bias": (vocabulary,)}


def write_safetensors(path, shapes, values):
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, data in values.items():
            file.seek(8 + len(text) + header[name]["data_offsets"][0])
            file.write(data)
        file.truncate(8 + len(text) + end)
