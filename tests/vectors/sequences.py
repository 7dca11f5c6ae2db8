"""Outputs and gradients of small networks for sequences, by JAX in double precision, from the equations of the papers
that src/sequences names. Needs jax. Writes JSON to standard output."""

import json

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

SEQUENCES = [[1, 2, 3], [4], [5, 6, 0, 1, 2, 3, 4, 5], [2, 2]]
VOCABULARY, CONTEXT = 7, 9


def linear(name, inputs, outputs):
    return [(f"{name}.weight", (inputs, outputs)), (f"{name}.bias", (outputs,))]


def norm(name, width):
    return [(f"{name}.gain", (width,)), (f"{name}.bias", (width,))]


def transformer_entries(width, layers, hidden, outputs):
    entries = [("tokens", (VOCABULARY, width)), ("positions", (CONTEXT, width))]
    for block in range(layers):
        name = f"block-{block}"
        entries += norm(f"{name}.before-attention", width)
        entries += linear(f"{name}.attention.project", width, 3 * width)
        entries += linear(f"{name}.attention.output", width, width)
        entries += norm(f"{name}.before-dense", width)
        entries += linear(f"{name}.widen", width, hidden) + linear(f"{name}.narrow", hidden, width)
    return entries + norm("last", width) + linear("output", width, outputs)


def normalize(w, name, x):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + 1e-5) * w[f"{name}.gain"] + w[f"{name}.bias"]


def apply(w, name, x):
    return x @ w[f"{name}.weight"] + w[f"{name}.bias"]


def attend(w, name, x, heads, causal):
    length, width = x.shape
    q, k, v = (part.reshape(length, heads, -1) for part in jnp.split(apply(w, f"{name}.project", x), 3, -1))
    scores = jnp.einsum("ihd,jhd->hij", q, k) / jnp.sqrt(width / heads)
    if causal:
        scores = jnp.where(jnp.tril(jnp.ones((length, length), bool)), scores, -jnp.inf)
    mixed = jnp.einsum("hij,jhd->ihd", jax.nn.softmax(scores), v).reshape(length, width)
    return apply(w, f"{name}.output", mixed)


def transformer(w, sequence, layers, heads, activation, causal, pooled):
    x = w["tokens"][jnp.array(sequence)] + w["positions"][: len(sequence)]
    bend = {"Gelu": lambda x: jax.nn.gelu(x, approximate=True), "Relu": jax.nn.relu}[activation]
    for block in range(layers):
        name = f"block-{block}"
        x = x + attend(w, f"{name}.attention", normalize(w, f"{name}.before-attention", x), heads, causal)
        wide = bend(apply(w, f"{name}.widen", normalize(w, f"{name}.before-dense", x)))
        x = x + apply(w, f"{name}.narrow", wide)
    x = normalize(w, "last", x)
    return apply(w, "output", x.mean(0, keepdims=True) if pooled else x)


def lstm_entries(embedding, hidden, directions, outputs):
    entries = [("tokens", (VOCABULARY, embedding))]
    for direction in directions:
        entries += [(f"{direction}.weight", (embedding + hidden, 4 * hidden)), (f"{direction}.bias", (4 * hidden,))]
    return entries + linear("output", hidden * len(directions), outputs)


def read(w, name, xs, hidden):
    h = c = jnp.zeros(hidden)
    said = []
    for x in xs:
        sums = jnp.concatenate([x, h]) @ w[f"{name}.weight"] + w[f"{name}.bias"]
        i, f, g, o = jnp.split(sums, 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        said.append(h)
    return said


def lstm(w, sequence, hidden, directions, pooled):
    xs = [w["tokens"][token] for token in sequence]
    features = []
    for direction in directions:
        backwards = direction == "backwards"
        said = read(w, direction, xs[::-1] if backwards else xs, hidden)
        features.append(said[-1:] if pooled else said[::-1] if backwards else said)
    rows = [jnp.concatenate(parts) for parts in zip(*features)]
    return apply(w, "output", jnp.stack(rows))


def row(shape, entries, network):
    sizes = [int(jnp.prod(jnp.array(shape))) for _, shape in entries]
    values = 0.4 * jnp.sin(0.37 * jnp.arange(sum(sizes)) + 0.1)

    def outputs(values):
        w, at = {}, 0
        for (name, size), count in zip(entries, sizes):
            w[name] = values[at : at + count].reshape(size)
            at += count
        return jnp.concatenate([network(w, sequence).reshape(-1) for sequence in SEQUENCES])

    said = outputs(values)
    given = jnp.sin(0.9 * jnp.arange(len(said)))
    gradient = jax.grad(lambda values: jnp.dot(outputs(values), given))(values)
    return {
        "shape": shape,
        "entries": [[name, list(size)] for name, size in entries],
        "outputs": [float(f"{number:.7g}") for number in said],
        "gradient": [float(f"{number:.7g}") for number in gradient],
    }


def rows():
    width, layers, heads, hidden = 8, 2, 2, 12
    for activation, causal, pooled in [("Gelu", False, True), ("Gelu", True, False), ("Relu", True, False)]:
        sizes = dict(width=width, layers=layers, heads=heads, hidden=hidden, context=CONTEXT, dropout=0.0)
        head = {"Pooled": 3} if pooled else {"EachToken": VOCABULARY}
        shape = {"Transformer": [sizes | dict(activation=activation, causal=causal), VOCABULARY, head]}
        entries = transformer_entries(width, layers, hidden, 3 if pooled else VOCABULARY)
        yield row(shape, entries, lambda w, s: transformer(w, s, layers, heads, activation, causal, pooled))
    embedding, hidden = 5, 6
    for both, pooled in [(True, True), (True, False), (False, False)]:
        directions = ["forwards", "backwards"] if both else ["forwards"]
        head = {"Pooled": 3} if pooled else {"EachToken": VOCABULARY}
        shape = {"Lstm": [dict(embedding=embedding, hidden=hidden, bidirectional=both), VOCABULARY, head]}
        entries = lstm_entries(embedding, hidden, directions, 3 if pooled else VOCABULARY)
        yield row(shape, entries, lambda w, s: lstm(w, s, hidden, directions, pooled))


print("[\n" + ",\n".join(json.dumps(row) for row in rows()) + "\n]")
