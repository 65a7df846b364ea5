"""Makes the model files that the peers run, each step in a process and a folder of its own.

  python prepare.py STEP CHECKPOINT FOLDER
"""

import json
import os
import sys

import numpy as np
from checkpoint import Checkpoint

GRAPHS = ("encoder", "head")
TEXTS = 8  # to calibrate with; NNCF takes minutes for them, and more change nothing


def graphs(checkpoint, folder):
    """The fp32 graphs that ONNX Runtime and OpenVINO start from."""
    import graph
    graph.write_encoder(checkpoint, os.path.join(folder, "graphs"))
    graph.write_head(checkpoint, os.path.join(folder, "graphs"))


def onnxruntime(checkpoint, folder):
    """Dynamic int8: weights per output channel, activations per tensor as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    for name in GRAPHS:
        source, target = (os.path.join(folder, step, f"{name}.onnx")
                          for step in ("graphs", "onnxruntime"))
        quantize_dynamic(source, target, per_channel=True, weight_type=QuantType.QInt8,
                         use_external_data_format=True)


def openvino(checkpoint, folder):
    """int8 weights as optimum-cli --weight-format int8 has them; activations as OpenVINO likes."""
    import nncf
    for name in GRAPHS:
        save_openvino(folder, "openvino", name, nncf.compress_weights(read_openvino(folder, name)))


def openvino_static(checkpoint, folder):
    """Static int8, weights and activations, with ranges from texts of random tokens."""
    import nncf
    import openvino as ov
    texts = np.random.default_rng(1).integers(14, checkpoint.vocabulary, (TEXTS, 1, 128))
    samples = {"encoder": [{"ids": text.astype(np.int64)} for text in texts]}
    fp32 = ov.Core().compile_model(read_openvino(folder, "encoder"), "CPU",
                                   {"INFERENCE_PRECISION_HINT": "f32"})
    samples["head"] = [{"hidden": fp32(sample)[0].copy(), "position": np.array([1])}
                       for sample in samples["encoder"]]
    del fp32
    for name in GRAPHS:
        save_openvino(folder, "openvino-static", name, nncf.quantize(
            read_openvino(folder, name), nncf.Dataset(samples[name]), subset_size=TEXTS,
            model_type=nncf.ModelType.TRANSFORMER))


def read_openvino(folder, name):
    import openvino as ov
    return ov.Core().read_model(os.path.join(folder, "graphs", f"{name}.onnx"))


def save_openvino(folder, kind, name, model):
    import openvino as ov
    ov.save_model(model, os.path.join(folder, kind, f"{name}.xml"), compress_to_fp16=False)


def reference(checkpoint, folder):
    """The hidden states of the texts in fp32."""
    import reference as model
    with open(os.path.join(folder, "texts.jsonl"), encoding="ascii") as file:
        states = [model.hidden_states(checkpoint, json.loads(line)) for line in file]
    np.save(os.path.join(folder, "reference", "states.npy"), np.array(states, np.float32))


STEPS = {"graphs": graphs, "onnxruntime": onnxruntime, "openvino": openvino,
         "openvino-static": openvino_static, "reference": reference}

if __name__ == "__main__":
    STEPS[sys.argv[1]](Checkpoint(sys.argv[2]), sys.argv[3])
