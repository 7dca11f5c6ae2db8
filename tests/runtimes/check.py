"""Runs the files that Retort exports in programs that Retort's authors did not write.

    cargo xtask runtimes

A case NAME.onnx or NAME.safetensors has beside it NAME.*.input.f32 and .logits.f32 (raw, little-endian, row by row)
and a .json with the link that the file carries, if it is an unusual one, whose `check` is

- "close": no logit further off than `tolerance`, times the largest logit where that is above 1;
- "argmax": the same class for 99 % of the examples whose two best logits are not all but equal;
- "weights": only weights are integers: close, but argmax for ONNX Runtime's default, which rounds the numbers between
  the layers as well.

ONNX files go through onnx.checker, ONNX Runtime with and without its optimizations, and ONNX's reference evaluator;
safetensors files through the safetensors package and a forward pass in numpy that holds weights as PyTorch does.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from safetensors import safe_open

# The reference evaluator is slow.
REFERENCE_EXAMPLES = 8
AGREEING = 0.99
# Two logits nearer than this share of all logits' range are all but equal.
NEAR = 0.01
DEFAULT = "default"
# What the files carry unless their case says otherwise: quotes and letters that formats like to stumble over.
PERMALINK = 'v=1&name="é"'


def onnx_results(path, inputs, permalink):
    """Logits by the name of whoever computed them."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    notes = {entry.key: entry.value for entry in model.metadata_props}
    assert model.producer_name == "Retort" and notes["permalink"] == permalink, notes

    none, every = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    for name, level, accuracy in (("as it is", none, "0"), ("exact", every, "1"), (DEFAULT, every, None)):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = level
        if accuracy:
            options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", accuracy)
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        assert [i.name for i in session.get_inputs()] == ["input"]
        yield name, session.run(["logits"], {"input": inputs})[0]
        assert session.run(["logits"], {"input": inputs[:1]})[0].shape[0] == 1

    # The evaluator knows these operators from opset 19 on; their meaning is the same.
    model.opset_import[0].version = max(model.opset_import[0].version, 21)
    yield "reference", ReferenceEvaluator(model).run(["logits"], {"input": inputs[:REFERENCE_EXAMPLES]})[0]


def conv2d(images, weight, bias, stride=1):
    """torch.nn.functional.conv2d(images, weight, bias, stride, padding=window // 2)."""
    window = weight.shape[-1]
    pad = window // 2
    images = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(images, (window, window), axis=(2, 3))[:, :, ::stride, ::stride]
    # groups=channels where each output sees one channel.
    alone = weight.shape[1] == 1 and len(weight) == windows.shape[1]
    form = ("ncyxij,cij->ncyx", weight[:, 0]) if alone else ("ncyxij,ocij->noyx", weight)
    sums = np.einsum(form[0], windows, form[1], optimize=True)
    return sums if bias is None else sums + bias[:, None, None]


def max_pool2d(images):
    """torch.nn.functional.max_pool2d(images, 2)."""
    n, channels, side, _ = images.shape
    half = side // 2
    return images[:, :, : 2 * half, : 2 * half].reshape(n, channels, half, 2, half, 2).max(axis=(3, 5))


def relu(values):
    return np.maximum(values, 0)


class Layers:
    """The layers of a safetensors file, each a function."""

    def __init__(self, tensors):
        self.tensors = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
        self.count = 1 + max(int(name.split(".")[1]) for name in tensors)

    def factors(self, layer):
        if f"layers.{layer}.weight" in self.tensors:
            names = [f"layers.{layer}"]
        else:
            names = [f"layers.{layer}.0", f"layers.{layer}.1"]
        return [(self.tensors[f"{name}.weight"], self.tensors.get(f"{name}.bias")) for name in names]

    def linear(self, layer, rows):
        for weight, bias in self.factors(layer):
            rows = rows @ weight.T + (0 if bias is None else bias)
        return rows

    def conv(self, layer, images, stride=1):
        for weight, bias in self.factors(layer):
            images, stride = conv2d(images, weight, bias, stride), 1
        return images

    def outputs(self, layer):
        return len(self.factors(layer)[-1][0])


def safetensors_results(path, inputs, permalink):
    with safe_open(path, framework="numpy") as file:
        notes = file.metadata()
        layers = Layers({name: file.get_tensor(name) for name in file.keys()})
    assert notes["format"] == "pt" and notes["permalink"] == permalink, notes
    rows, last = inputs, layers.count - 1
    side = int(round(int(notes["features"]) ** 0.5))
    images = inputs.reshape(-1, 1, side, side) if notes["kind"] != "mlp" else None
    if notes["kind"] == "mlp":
        for layer in range(last):
            rows = relu(layers.linear(layer, rows))
    elif notes["kind"] == "conv":
        for layer in range(last):
            images = relu(layers.conv(layer, images))
            images = max_pool2d(images) if images.shape[-1] > 1 else images
        rows = images.reshape(len(images), -1)
    elif notes["kind"] == "separable":
        for layer in range(0, last, 2):
            if layer > 0:
                images = relu(layers.conv(layer - 1, images))
            images = relu(layers.conv(layer, images))
            images = max_pool2d(images) if images.shape[-1] > 1 else images
        rows = images.reshape(len(images), -1)
    else:
        images, layer = relu(layers.conv(0, images)), 1
        while layer < last:
            widens = layers.outputs(layer + 1) != images.shape[1]
            inner = relu(layers.conv(layer, images, 2 if widens else 1))
            outer = layers.conv(layer + 1, inner)
            around = layers.conv(layer + 2, images, 2) if widens else images
            images = relu(outer + around)
            layer += 3 if widens else 2
        rows = images.mean(axis=(2, 3))
    yield "numpy", layers.linear(last, rows)


def same_class(got, want):
    """The share of the examples that are clear, for which both are of one opinion."""
    best = np.sort(want, axis=1)
    clear = best[:, -1] - best[:, -2] > NEAR * (want.max() - want.min())
    assert clear.mean() > 0.5, "too few examples are clear"
    return float((got.argmax(1) == want.argmax(1))[clear].mean())


def main(folder):
    failures, cases = [], sorted(pathlib.Path(folder).glob("*.json"))
    for about in cases:
        case = json.loads(about.read_text())
        path = about.with_suffix("")
        inputs = np.fromfile(f"{path}.input.f32", "<f4").reshape(-1, case["features"])
        expected = np.fromfile(f"{path}.logits.f32", "<f4").reshape(-1, case["classes"])
        results = onnx_results if case["kind"] == "onnx" else safetensors_results
        line = []
        try:
            for name, got in results(path, inputs, case.get("permalink", PERMALINK)):
                want = expected[: len(got)]
                assert got.shape == want.shape and got.dtype == np.float32, (name, got.shape, got.dtype)
                most = float(np.abs(got - want).max())
                agreeing = same_class(got, want)
                line.append(f"{name} {most:.1e} {agreeing:.1%}")
                close = case["check"] == "close" or (case["check"] == "weights" and name != DEFAULT)
                if close and not most <= case["tolerance"] * max(1.0, np.abs(want).max()):
                    failures.append(f"{path.name}: {name} is off by {most}")
                if not agreeing >= AGREEING:
                    failures.append(f"{path.name}: {name} agrees on {agreeing:.2%}")
        except Exception as error:  # one refusal should not hide the next
            failures.append(f"{path.name}: {type(error).__name__}: {str(error)[:500]}")
        classes = len(np.unique(expected.argmax(1)))
        print(f"{path.name:52} {path.stat().st_size:7} bytes, {classes:2} classes; " + "; ".join(line))
    if not cases:
        failures.append(f"no cases in {folder}")
    for failure in failures:
        print("FAILED", failure, file=sys.stderr)
    print(f"{len(cases)} files, {len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main(sys.argv[1])
