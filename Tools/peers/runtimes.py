"""The runtimes that are compared with Thimble, all behind the same two methods.

encode(ids) gives hidden states [batch, tokens, width] in fp32, as numpy or what numpy can take.
fill(ids, position) gives the ids of the five best tokens there; load_head() comes before it.
"""

import mmap
import os

import numpy as np


class ONNXRuntime:
    """Sessions with the default options, so with prepacked weights and the memory arena."""

    def __init__(self, folder, threads):
        import onnxruntime
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads, self.options.inter_op_num_threads = threads, 1
        self.open = lambda name: onnxruntime.InferenceSession(
            os.path.join(folder, "onnxruntime", f"{name}.onnx"), self.options)
        self.encoder = self.open("encoder")

    def load_head(self):
        self.head = self.open("head")

    def encode(self, ids):
        return self.encoder.run(["hidden"], {"ids": ids})[0]

    def fill(self, ids, position):
        inputs = {"hidden": self.encode(ids), "position": np.array([position])}
        return self.head.run(["best_ids"], inputs)[0].ravel()


class OpenVINO:
    """Compiled for latency. `precision` is of all but int8 products: None leaves it to OpenVINO."""

    def __init__(self, folder, threads, kind, precision=None):
        import openvino
        core = openvino.Core()
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        if precision:
            options["INFERENCE_PRECISION_HINT"] = precision
        self.open = lambda name: core.compile_model(
            os.path.join(folder, kind, f"{name}.xml"), "CPU", options).create_infer_request()
        self.encoder = self.open("encoder")

    def load_head(self):
        self.head = self.open("head")

    def encode(self, ids):
        return self.encoder.infer({"ids": ids}, share_inputs=True, share_outputs=True)[0]

    def fill(self, ids, position):
        inputs = {"hidden": self.encode(ids), "position": np.array([position])}
        return self.head.infer(inputs, share_inputs=True)["best_ids"].ravel()


class PyTorch:
    """The model in eager mode. Weights stay mapped where the precision is the checkpoint's."""

    def __init__(self, checkpoint, threads, precision):
        import torch
        self.torch, self.checkpoint, self.precision = torch, checkpoint, precision
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        # Copy on write, as PyTorch wants to own what it works on; nothing is written.
        with open(checkpoint.path, "rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self.tables = [self.tensor(f"{n}.weight") for n in ("embeddings", "position_embeddings")]
        self.first = self.norm("layer_norm_emb")
        self.layers = torch.nn.ModuleList(self.layer(i) for i in range(checkpoint.layers))
        if precision == "int8":
            self.layers = self.quantised(self.layers)

    def tensor(self, name):
        start, count, shape = self.checkpoint.place(name)
        flat = self.torch.frombuffer(
            self.bytes, dtype=self.torch.float32, count=count, offset=start)
        return flat.reshape(shape).to(
            self.torch.bfloat16 if self.precision == "bf16" else self.torch.float32)

    def filled(self, module, name):
        for part in ("weight", "bias"):
            parameter = self.torch.nn.Parameter(self.tensor(f"{name}.{part}"), requires_grad=False)
            setattr(module, part, parameter)
        return module

    def linear(self, name):
        rows, columns = self.checkpoint.place(f"{name}.weight")[2]
        return self.filled(self.torch.nn.Linear(columns, rows, device="meta"), name)

    def norm(self, name):
        c = self.checkpoint
        return self.filled(self.torch.nn.LayerNorm(c.width, c.epsilon, device="meta"), name)

    def layer(self, i):
        names = [f"attentions.{i}.{n}_lin" for n in ("q", "k", "v", "out")]
        modules = {n.rpartition(".")[2]: self.linear(n) for n in names}
        modules |= {n: self.linear(f"ffns.{i}.{n}") for n in ("lin1", "lin2")}
        modules |= {n: self.norm(f"{n}.{i}") for n in ("layer_norm1", "layer_norm2")}
        return self.torch.nn.ModuleDict(modules)

    def quantised(self, module):
        """Dynamic int8 with a scale for each output channel, as accurate as PyTorch makes it."""
        from torch.ao import quantization
        how = {self.torch.nn.Linear: quantization.per_channel_dynamic_qconfig}
        return quantization.quantize_dynamic(module, how, inplace=True)

    def load_head(self):
        rows, columns = self.checkpoint.place("embeddings.weight")[2]
        head = self.torch.nn.Linear(columns, rows, device="meta")
        head.weight = self.torch.nn.Parameter(self.tables[0], requires_grad=False)
        bias = self.tensor("pred_layer.proj.bias")
        head.bias = self.torch.nn.Parameter(bias, requires_grad=False)
        head = self.torch.nn.Sequential(head)
        self.head = self.quantised(head) if self.precision == "int8" else head

    def states(self, ids):
        functional, heads = self.torch.nn.functional, self.checkpoint.heads
        words, positions = self.tables
        x = functional.embedding(self.torch.from_numpy(ids), words)
        x = self.first(x + positions[:ids.shape[1]])
        for layer in self.layers:
            q, k, v = (layer[f"{n}_lin"](x).unflatten(-1, (heads, -1)).transpose(1, 2)
                       for n in "qkv")
            context = functional.scaled_dot_product_attention(q, k, v)
            x = layer["layer_norm1"](x + layer["out_lin"](context.transpose(1, 2).flatten(2)))
            x = layer["layer_norm2"](x + layer["lin2"](functional.gelu(layer["lin1"](x))))
        return x

    def encode(self, ids):
        return self.states(ids).float().numpy()

    def fill(self, ids, position):
        return self.head(self.states(ids)[:, position]).topk(5).indices.numpy().ravel()
