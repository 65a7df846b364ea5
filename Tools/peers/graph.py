"""Writes the model as ONNX graphs, node by node, as PyTorch's exporter lays them out.

encoder.onnx: ids [batch, tokens] to hidden [batch, tokens, width]. No padding mask: the texts of
a batch are equally long here, and leaving the mask out can only help whom we compare with.
head.onnx: hidden [1, tokens, width] and position [1] to the five best tokens there. A graph of its
own, because quantisers copy a head that is tied to the embeddings anyway, or make it slow.
"""

import math
import os

import numpy as np
import onnx
from onnx import TensorProto, helper

OPSET = 17  # The first with LayerNormalization; both runtimes know it, and find GELU from Erf.


class Graph:
    """Nodes and weights of one graph. Weights go to a data file beside it as they come."""

    def __init__(self, folder, name):
        self.folder, self.name, self.nodes, self.weights = folder, name, [], []
        self.file = open(os.path.join(folder, f"{name}.data"), "wb")

    def weight(self, name, values):
        """Stores values under a name, little-endian and page-aligned, as mapping them wants it."""
        values = np.asarray(values)
        self.file.seek(-(-self.file.tell() // 4096) * 4096)
        tensor = TensorProto(
            name=name, dims=values.shape, data_location=TensorProto.EXTERNAL,
            data_type=helper.np_dtype_to_tensor_dtype(values.dtype))
        for key, value in (("location", f"{self.name}.data"), ("offset", self.file.tell()),
                           ("length", values.nbytes)):
            tensor.external_data.add(key=key, value=str(value))
        # In slices of rows: a transposed copy of the whole head would take a gigabyte.
        for first in range(0, len(values), 256):
            np.ascontiguousarray(values[first:first + 256]).tofile(self.file)
        self.weights.append(tensor)
        return name

    def constant(self, name, values):
        """A small tensor inside the graph; shapes must be known to whoever optimises it."""
        self.weights.append(onnx.numpy_helper.from_array(np.asarray(values), name))
        return name

    def add(self, operation, inputs, name, **attributes):
        self.nodes.append(helper.make_node(operation, inputs, [name], name=name, **attributes))
        return name

    def linear(self, x, name, checkpoint):
        weight = self.weight(f"{name}.weight", checkpoint[f"{name}.weight"].T)
        product = self.add("MatMul", [x, weight], f"{name}.product")
        bias = self.weight(f"{name}.bias", checkpoint[f"{name}.bias"])
        return self.add("Add", [product, bias], f"{name}.out")

    def norm(self, x, name, checkpoint):
        parts = [self.weight(f"{name}.{p}", checkpoint[f"{name}.{p}"]) for p in ("weight", "bias")]
        return self.add("LayerNormalization", [x, *parts], f"{name}.out", axis=-1,
                        epsilon=checkpoint.epsilon)

    def gelu(self, x, name):
        inner = self.add("Erf", [self.add("Div", [x, "sqrt2"], f"{name}.div")], f"{name}.erf")
        both = self.add("Mul", [x, self.add("Add", [inner, "one"], f"{name}.add")], f"{name}.mul")
        return self.add("Mul", [both, "half"], f"{name}.out")

    def save(self, inputs, outputs):
        """Writes the graph; inputs and outputs are (name, element type, shape)."""
        self.file.close()
        values = ([helper.make_tensor_value_info(*v) for v in side] for side in (inputs, outputs))
        graph = helper.make_graph(self.nodes, self.name, *values, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                                  ir_version=8, producer_name="thimble")
        onnx.save(model, os.path.join(self.folder, f"{self.name}.onnx"))


def write_encoder(checkpoint, folder):
    c, g = checkpoint, Graph(folder, "encoder")
    for name, value in (("sqrt2", math.sqrt(2)), ("one", 1), ("half", 0.5),
                        ("root", math.sqrt(c.width // c.heads))):
        g.constant(name, np.float32(value))
    for name, values in (("first", [0]), ("axis", [0]), ("tokens_at", [1]),
                         ("join", [0, 0, c.width]), ("split", [0, 0, c.heads, c.width // c.heads])):
        g.constant(name, np.array(values, np.int64))
    tokens = g.add("Gather", [g.add("Shape", ["ids"], "shape"), "tokens_at"], "tokens", axis=0)
    table = g.weight("positions", c["position_embeddings.weight"])
    places = g.add("Slice", [table, "first", tokens, "axis"], "places")
    words = g.add("Gather", [g.weight("embeddings", c["embeddings.weight"]), "ids"], "words")
    x = g.norm(g.add("Add", [words, places], "embedded"), "layer_norm_emb", c)
    for i in range(c.layers):
        a = f"attentions.{i}"
        q, k, v = (g.add("Reshape", [g.linear(x, f"{a}.{n}_lin", c), "split"], f"{a}.{n}.split")
                   for n in "qkv")
        q = g.add("Transpose", [q], f"{a}.q", perm=[0, 2, 1, 3])
        k = g.add("Transpose", [k], f"{a}.k", perm=[0, 2, 3, 1])
        v = g.add("Transpose", [v], f"{a}.v", perm=[0, 2, 1, 3])
        scores = g.add("MatMul", [g.add("Div", [q, "root"], f"{a}.q.div"), k], f"{a}.scores")
        weights = g.add("Softmax", [scores], f"{a}.weights", axis=-1)
        context = g.add("MatMul", [weights, v], f"{a}.context")
        context = g.add("Transpose", [context], f"{a}.context.back", perm=[0, 2, 1, 3])
        context = g.add("Reshape", [context, "join"], f"{a}.context.join")
        sum1 = g.add("Add", [x, g.linear(context, f"{a}.out_lin", c)], f"{a}.sum")
        x = g.norm(sum1, f"layer_norm1.{i}", c)
        inner = g.gelu(g.linear(x, f"ffns.{i}.lin1", c), f"ffns.{i}.gelu")
        sum2 = g.add("Add", [x, g.linear(inner, f"ffns.{i}.lin2", c)], f"ffns.{i}.sum")
        x = g.norm(sum2, f"layer_norm2.{i}", c)
    g.add("Identity", [x], "hidden")
    g.save([("ids", TensorProto.INT64, ["batch", "tokens"])],
           [("hidden", TensorProto.FLOAT, ["batch", "tokens", c.width])])


def write_head(checkpoint, folder):
    c, g = checkpoint, Graph(folder, "head")
    row = g.add("Gather", ["hidden", "position"], "row", axis=1)
    logits = g.add("MatMul", [row, g.weight("head.weight", c["embeddings.weight"].T)], "product")
    logits = g.add("Add", [logits, g.weight("head.bias", c["pred_layer.proj.bias"])], "logits")
    five = g.constant("five", np.array([5], np.int64))
    g.nodes.append(helper.make_node("TopK", [logits, five], ["best", "best_ids"], axis=-1))
    g.save([("hidden", TensorProto.FLOAT, [1, "tokens", c.width]),
            ("position", TensorProto.INT64, [1])],
           [("best", TensorProto.FLOAT, [1, 1, 5]), ("best_ids", TensorProto.INT64, [1, 1, 5])])
