"""The distillation step in PyTorch on one thread, a turn at a time.

`torch_step.py PLAN`: a workload in JSON. Each line of standard input is a turn's milliseconds; each line of standard output what
a step took, in JSON.
"""

import json
import sys
import time

import torch
from torch import nn

T = 2.0
CLASSES = 10


def network(plan, features):
    layers, widths = [], plan["widths"]
    if plan["kind"] == "conv":
        side, inputs = int(features**0.5), 1
        layers.append(nn.Unflatten(1, (1, side, side)))
        for outputs in widths:
            layers += [nn.Conv2d(inputs, outputs, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
            side, inputs = side // 2, outputs
        layers += [nn.Flatten(), nn.Linear(side * side * inputs, CLASSES)]
    else:
        inputs = features
        for outputs in widths:
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
            inputs = outputs
        layers.append(nn.Linear(inputs, CLASSES))
    return nn.Sequential(*layers)


def main():
    plan = json.loads(sys.argv[1])
    torch.set_num_threads(1)
    torch.manual_seed(1)
    features, batch, cached = plan["features"], plan["batch"], plan["cached"]
    teacher, student = network(plan["teacher"], features), network(plan["student"], features)
    # Half of every image is empty, as digits are.
    images = (2 * torch.rand(plan["count"], features) - 1).clamp(min=0)
    batches = images.split(batch)

    def ask(x):
        with torch.no_grad():
            return teacher(x)

    answers = [ask(x) for x in batches]
    adam = torch.optim.Adam(student.parameters(), lr=0.001)
    divergence = nn.KLDivLoss(reduction="batchmean")
    for line in sys.stdin:
        turn, steps, start = float(line) / 1000, 0, time.perf_counter()
        while time.perf_counter() - start < turn:
            place = steps % len(batches)
            x = batches[place]
            answer = answers[place] if cached else ask(x)
            adam.zero_grad()
            loss = T * T * divergence(torch.log_softmax(student(x) / T, 1), torch.softmax(answer / T, 1))
            loss.backward()
            adam.step()
            steps += 1
        print(json.dumps({"step": (time.perf_counter() - start) * 1000 / steps}), flush=True)


if __name__ == "__main__":
    main()
