"""Writes objectives.json: losses and gradients of objectives for which no published numbers were found.

Needs numpy. Each loss is written from its paper, in double precision; each gradient is a complex-step derivative, which
has no rounding error of a difference (Squire & Trapp 1998). Run as `python objectives.py > objectives.json`.
"""

import json

import numpy as np

STEP = 1e-30


def log_softmax(logits):
    shifted = logits - logits.real.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def label_smoothing(logits, labels):
    """Szegedy et al. 2016, section 7: the cross-entropy with (1 - e) of the label and e of the uniform distribution."""
    classes = logits.shape[1]
    smoothed = 0.9 * np.eye(classes)[labels] + 0.1 / classes
    return -(smoothed * log_softmax(logits)).sum(axis=1).mean()


def virtual_teacher(logits, labels, temperature):
    """Yuan et al. 2020, eq. 8: 0.99 for the right class, softened by the temperature as a distribution is."""
    classes = logits.shape[1]
    hand = np.full(logits.shape, 0.01 / (classes - 1))
    hand[np.arange(len(labels)), labels] = 0.99
    soft = hand ** (1 / temperature)
    soft /= soft.sum(axis=1, keepdims=True)
    divergence = (soft * (np.log(soft) - log_softmax(logits / temperature))).sum(axis=1)
    return temperature**2 * divergence.mean()


def half(maps):
    """Maps of an even side, each 2x2 square replaced by its mean."""
    batch, channels, places = maps.shape
    side = int(round(places**0.5))
    squares = maps.reshape(batch, channels, side // 2, 2, side // 2, 2)
    return squares.mean(axis=(3, 5)).reshape(batch, channels, -1)


def flow(before, after):
    """Yim et al. 2017, eq. 1: channel against channel, the mean over places; the larger stage is pooled first."""
    while before.shape[2] > after.shape[2]:
        before = half(before)
    return np.einsum("nip,njp->nij", before, after) / after.shape[2]


def fsp(before, after, teacher_before, teacher_after):
    """Yim et al. 2017, eq. 2, as the mean over examples and pairs of channels."""
    return ((flow(before, after) - flow(teacher_before, teacher_after)) ** 2).mean()


def unit(rows):
    return rows / np.sqrt((rows * rows).sum(axis=1, keepdims=True))


def contrastive(student, teacher, student_memory, teacher_memory):
    """Tian et al. 2020, eq. 18, from both sides, with t = 0.07 and a constant Z that is the mean of the first batch.

    The example of row n is the n-th of the memory. Negatives are drawn at random, so only such rows are written here of
    which every draw is the same: two examples, or negatives that are all alike.
    """
    examples = len(student_memory)
    negatives = examples - 1
    loss = 0
    for anchors, memory in [(unit(student), teacher_memory), (unit(teacher), student_memory)]:
        compared = np.array([[row] + [other for other in range(examples) if other != row] for row in range(len(anchors))])
        scores = np.exp(np.einsum("nf,nkf->nk", anchors, memory[compared]) / 0.07)
        constant = scores.real.mean()
        likely = scores / constant / (scores / constant + negatives)
        loss -= (np.log(likely[:, 0]) + np.log(1 - likely[:, 1:]).sum(axis=1)).mean()
    return loss


def gradient(loss, at):
    result = np.zeros(at.shape)
    for index in np.ndindex(at.shape):
        moved = at.astype(complex)
        moved[index] += 1j * STEP
        result[index] = loss(moved).imag / STEP
    return result


def row(objective, of, loss, at, **others):
    """`others` are the row's further fields; the student's outputs are joined with the one that moves."""
    student = {of: at.tolist(), **others.pop("student", {})}
    value = float(np.real(loss(at)))
    return {"objective": objective, "student": student, **others, "loss": value, "grad": {of: gradient(loss, at).tolist()}}


def rows():
    logits = np.array([[2.0, -1.0, 0.5, 0.25], [-0.5, 1.5, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    labels = [0, 3, 1]
    yield row("label-smoothing", "logits", lambda z: label_smoothing(z, labels), logits, labels=labels)
    yield row("label-smoothing", "logits", lambda z: label_smoothing(z, [1]), logits[:1, :2], labels=[1])
    for temperature in [1.0, 4.0, 20.0]:
        yield row(
            "virtual-teacher",
            "logits",
            lambda z: virtual_teacher(z, labels, temperature),
            logits,
            labels=labels,
            params={"temperature": temperature},
        )

    draw = np.random.default_rng(1)
    number = lambda *shape: draw.integers(-16, 17, shape) / 16
    for places in [(4, 4), (16, 4)]:
        before, teacher_before = number(2, 2, places[0]), number(2, 2, places[0])
        after, teacher_after = number(2, 3, places[1]), number(2, 3, places[1])
        yield row(
            "fsp",
            "maps",
            lambda maps: fsp(maps, after, teacher_before, teacher_after),
            before,
            student={"next_maps": after.tolist()},
            teacher={"maps": teacher_before.tolist(), "next_maps": teacher_after.tolist()},
        )

    for memory in [unit(number(2, 3)), unit(np.repeat(number(2, 3), [1, 4], axis=0))]:
        batch = 2 if len(memory) == 2 else 1
        teacher_memory = unit(np.roll(memory, 1, axis=1) * [1, -1, 1])
        student, teacher = number(batch, 3), number(batch, 3)
        yield row(
            "contrastive",
            "embedding",
            lambda embedding: contrastive(embedding, teacher, memory, teacher_memory),
            student,
            student={"memory": memory.tolist()},
            teacher={"embedding": teacher.tolist(), "memory": teacher_memory.tolist()},
        )


print("[" + ",\n".join(json.dumps(row) for row in rows()) + "]")
