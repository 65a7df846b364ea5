"""The encoder in numpy, fp32: what the hidden states of every runtime are compared with."""

import math

import numpy as np


# numpy has no error function; the C library's, value by value, is exact and quick enough.
erf = np.vectorize(math.erf, otypes=[np.float32])


def normalised(x, weight, bias, epsilon):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt(np.square(x).mean(-1, keepdims=True) + epsilon) * weight + bias


def hidden_states(checkpoint, ids):
    """The last hidden states [tokens, width] of one sequence of token ids."""
    c = checkpoint
    linear = lambda x, name: x @ c[f"{name}.weight"].T + c[f"{name}.bias"]
    norm = lambda x, name: normalised(x, c[f"{name}.weight"], c[f"{name}.bias"], c.epsilon)
    split = lambda x: x.reshape(len(ids), c.heads, -1).swapaxes(0, 1)
    x = c["embeddings.weight"][ids] + c["position_embeddings.weight"][:len(ids)]
    x = norm(x, "layer_norm_emb")
    for i in range(c.layers):
        q, k, v = (split(linear(x, f"attentions.{i}.{name}_lin")) for name in "qkv")
        scores = q / np.float32(math.sqrt(c.width // c.heads)) @ k.swapaxes(1, 2)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        context = (weights @ v).swapaxes(0, 1).reshape(len(ids), c.width)
        x = norm(x + linear(context, f"attentions.{i}.out_lin"), f"layer_norm1.{i}")
        inner = linear(x, f"ffns.{i}.lin1")
        inner = inner * np.float32(0.5) * (1 + erf(inner / np.float32(math.sqrt(2))))
        x = norm(x + linear(inner, f"ffns.{i}.lin2"), f"layer_norm2.{i}")
    return x
