"""Runs the files that Retort exports of networks for sequences and for regression in other programs.

    cargo xtask runtimes

A case NAME.onnx and NAME.safetensors has beside it NAME.logits.f32, and NAME.tokens.i64 with NAME.lengths.i64, or
NAME.input.f32 (raw, little-endian). Tokens and logits of sequences stand one after the other, without padding.

ONNX files go through onnx.checker, ONNX Runtime with and without its optimizations, and ONNX's reference evaluator
where it knows the operators; safetensors files through the safetensors package and a forward pass in numpy. Sequences
are padded with one token, then with others and further than needed, and asked about alone; no answer may be further
off than TOLERANCE.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from safetensors import safe_open

TOLERANCE = 1e-4
# The reference evaluator is slow.
REFERENCE_EXAMPLES = 8


class Sequences:
    """A ragged batch."""

    def __init__(self, stem):
        self.lengths = np.fromfile(f"{stem}.lengths.i64", "<i8")
        tokens = np.fromfile(f"{stem}.tokens.i64", "<i8")
        self.each = np.split(tokens, np.cumsum(self.lengths)[:-1])

    def feed(self, count=None, first=0, filling=None, further=0):
        """What goes into a graph: some of the sequences, padded with token 0 or random ones."""
        each = self.each[first:][:count]
        width = max(map(len, each)) + further
        random = np.random.default_rng(1).integers(0, 1 if filling is None else filling, (len(each), width))
        for row, sequence in zip(random, each):
            row[: len(sequence)] = sequence
        return {"tokens": random, "lengths": self.lengths[first:][:count]}

    def place(self, first, rows):
        """The row of an example among all rows that should come out, of which there are so many."""
        return first if rows == len(self.each) else self.lengths[:first].sum()

    def unpadded(self, logits, first=0):
        """Rows of what comes out, without those behind a sequence's end, which must be zero."""
        if logits.ndim == 2:
            return logits
        rows = []
        for row, length in zip(logits, self.lengths[first:]):
            assert not row[length:].any(), "rows behind the end are not zero"
            rows.append(row[:length])
        return np.concatenate(rows)


class Rows:
    """Rows of numbers."""

    def __init__(self, stem, width):
        self.each = np.fromfile(f"{stem}.input.f32", "<f4").reshape(-1, width)

    def feed(self, count=None, first=0, filling=None, further=0):
        return {"input": self.each[first:][:count]}

    def place(self, first, rows):
        return first

    def unpadded(self, logits, first=0):
        return logits


def onnx_results(path, examples, vocabulary):
    """Logits, the first example's place, and the name of whoever computed them."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    none, every = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    for name, level in (("as it is", none), ("optimized", every)):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = level
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        ask = lambda feed: session.run(["logits"], feed)[0]
        yield name, 0, examples.unpadded(ask(examples.feed()))
        yield f"{name}, other padding", 0, examples.unpadded(ask(examples.feed(filling=vocabulary, further=3)))
        for first in (0, 1, 17):
            yield f"{name}, alone", first, examples.unpadded(ask(examples.feed(1, first)), first)
    if not any(node.op_type == "LSTM" for node in model.graph.node):
        logits = ReferenceEvaluator(model).run(["logits"], examples.feed(REFERENCE_EXAMPLES))[0]
        yield "reference", 0, examples.unpadded(logits)


def softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def logistic(numbers):
    return 1 / (1 + np.exp(-numbers))


class Network:
    """A network from its safetensors file, as the file's metadata describe it."""

    def __init__(self, path):
        with safe_open(path, framework="numpy") as file:
            self.notes = file.metadata()
            self.tensors = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}

    def size(self, key):
        return int(self.notes[key])

    def linear(self, name, rows):
        return rows @ self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def normalized(self, name, rows):
        rows = rows - rows.mean(-1, keepdims=True)
        rows = rows / np.sqrt((rows**2).mean(-1, keepdims=True) + 1e-5)
        return rows * self.tensors[f"{name}.gain"] + self.tensors[f"{name}.bias"]

    def activation(self, numbers):
        if self.notes["activation"] == "relu":
            return np.maximum(numbers, 0)
        return numbers / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (numbers + 0.044715 * numbers**3)))

    def attention(self, name, rows):
        width, heads = self.size("width"), self.size("heads")
        mixed = []
        for head in np.split(np.arange(width), heads):
            queries, keys, values = (self.linear(f"{name}.project", rows)[:, head + part * width] for part in range(3))
            scores = queries @ keys.T / np.sqrt(len(head))
            if self.notes["causal"] == "true":
                scores[np.triu_indices(len(rows), 1)] = -np.inf
            mixed.append(softmax(scores) @ values)
        return self.linear(f"{name}.output", np.concatenate(mixed, 1))

    def transformer(self, tokens):
        places = np.minimum(np.arange(len(tokens)), self.size("context") - 1)
        rows = self.tensors["tokens"][tokens] + self.tensors["positions"][places]
        for block in range(self.size("layers")):
            name = f"block-{block}"
            rows = rows + self.attention(f"{name}.attention", self.normalized(f"{name}.before-attention", rows))
            inner = self.linear(f"{name}.widen", self.normalized(f"{name}.before-dense", rows))
            rows = rows + self.linear(f"{name}.narrow", self.activation(inner))
        rows = self.normalized("last", rows)
        return rows.mean(0, keepdims=True) if self.notes["head"] == "pooled" else rows

    def direction(self, name, rows):
        cell = said = np.zeros(self.size("hidden"))
        each = []
        for row in rows:
            sums = self.linear(name, np.concatenate([row, said]))
            inputs, forgets, candidates, outputs = np.split(sums, 4)
            cell = logistic(forgets) * cell + logistic(inputs) * np.tanh(candidates)
            said = logistic(outputs) * np.tanh(cell)
            each.append(said)
        return np.array(each)

    def lstm(self, tokens):
        rows = self.tensors["tokens"][tokens]
        parts = [self.direction("forwards", rows)]
        if self.notes["bidirectional"] == "true":
            parts.append(self.direction("backwards", rows[::-1]))
        if self.notes["head"] == "pooled":
            return np.concatenate([part[-1:] for part in parts], 1)
        return np.concatenate([part[:: 1 - 2 * index] for index, part in enumerate(parts)], 1)

    def perceptron(self, rows):
        hidden = len(json.loads(self.notes["hidden"]))
        for layer in range(hidden):
            rows = np.maximum(self.linear(f"layer-{layer}", rows), 0)
        return self.linear(f"layer-{hidden}", rows)

    def logits(self, examples):
        if self.notes["kind"] == "perceptron":
            return self.perceptron(examples.each)
        body = {"transformer": self.transformer, "lstm": self.lstm}[self.notes["kind"]]
        return np.concatenate([self.linear("output", body(tokens)) for tokens in examples.each])


def results(stem):
    """The name of whoever computed logits, their first row among all, and the logits."""
    network = Network(f"{stem}.safetensors")
    notes = network.notes
    metadata = {entry.key: entry.value for entry in onnx.load(f"{stem}.onnx").metadata_props}
    assert metadata == notes, "the files say different things"
    names = json.loads(notes["inputs" if notes["kind"] == "perceptron" else "vocabulary"])
    assert names[2] == '"2", é\n字', names[2]
    examples = Rows(stem, len(names)) if notes["kind"] == "perceptron" else Sequences(stem)
    logits = network.logits(examples)
    yield "numpy", 0, logits
    for name, first, got in onnx_results(f"{stem}.onnx", examples, len(names)):
        yield name, examples.place(first, len(logits)), got


def main(folder):
    failures, cases = [], sorted(pathlib.Path(folder).glob("*.onnx"))
    for path in cases:
        stem, most = path.with_suffix(""), {}
        expected = np.fromfile(f"{stem}.logits.f32", "<f4")
        try:
            for name, first, got in results(stem):
                want = expected.reshape(-1, got.shape[1])[first:][: len(got)]
                assert got.shape == want.shape, (name, got.shape, want.shape)
                off = float(np.abs(got - want).max())
                most[name] = max(off, most.get(name, 0.0))
                if not off <= TOLERANCE:
                    failures.append(f"{stem.name}: {name} is off by {off}")
        except Exception as error:  # one refusal should not hide the next
            failures.append(f"{stem.name}: {type(error).__name__}: {str(error)[:500]}")
        largest = np.abs(expected).max()
        worst = max(most, key=most.get, default="nothing")
        line = f"{len(most)} ways, most {most.get(worst, np.nan):.1e} ({worst})"
        print(f"{stem.name:18} {path.stat().st_size:7} bytes, logits up to {largest:.1f}; {line}")
    if not cases:
        failures.append(f"no cases in {folder}")
    for failure in failures:
        print("FAILED", failure, file=sys.stderr)
    print(f"{len(cases)} networks, {len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main(sys.argv[1])
