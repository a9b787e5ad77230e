"""The work that every tool does in peers.py: the same few questions to a submission, in the process that calls.

It runs in an environment that has torch and numpy and nothing of ours. The variable PEERS_WORK names a file of JSON:
`digits`, the archive; `verdicts`, how many there are to give; and `questions`, each with `name`, `args`, `input` (a
shape), the right answers `parameters` and `output` (a shape), and `training`, null or the short run that is asked for:
`steps`, `batch`, `rate`, `side`, `channels`, `output`, `test`, and `lowest`, the accuracy that is enough.

    PEERS_WORK=work.json python peers_work.py answers SUBMISSION        # what a right submission answers, as JSON
    PEERS_WORK=work.json python peers_work.py floor SUBMISSION …        # the seconds of each, in one warm process
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

TRAIN_SAMPLES = 1400
PEAK, MEAN, DEVIATION = 16, 0.31, 0.36  # of the digits

torch.set_num_threads(1)


def wanted() -> dict[str, Any]:
    """What is asked, as peers.py has written it down."""
    found: dict[str, Any] = json.loads(Path(os.environ["PEERS_WORK"]).read_text(encoding="utf-8"))
    return found


def verdicts(submission: Any) -> dict[str, bool]:
    """Ask everything of a submission, given as something with its classes and functions as attributes."""
    work, found = wanted(), {}
    torch.manual_seed(0)
    for question in work["questions"]:
        name = question["name"]
        model, x = built(submission, question), torch.randn(question["input"])
        found[f"{name}: parameters"] = parameters(model) == question["parameters"]
        found[f"{name}: shape"] = shape(model, x) == question["output"]
        found[f"{name}: gradients"] = all_learn(model, x)
        if question["training"]:
            reached = accuracy(built(submission, question), question["training"], work["digits"])
            found[f"{name}: training"] = reached >= question["training"]["lowest"]
    return found


def expect_all(submission: Any) -> None:
    """Raise AssertionError naming what a submission does not do."""
    found = verdicts(submission)
    assert len(found) == wanted()["verdicts"]
    assert all(found.values()), [name for name, passed in found.items() if not passed]


def from_file(file: str) -> SimpleNamespace:
    """A submission, run afresh."""
    return SimpleNamespace(**runpy.run_path(file))


def built(submission: Any, question: dict[str, Any]) -> nn.Module:
    """The model that a question is about."""
    model: nn.Module = getattr(submission, question["name"])(*question["args"])
    return model


def parameters(model: nn.Module) -> int:
    """How many numbers it learns."""
    return sum(parameter.numel() for parameter in model.parameters())


def shape(model: nn.Module, x: torch.Tensor) -> list[int]:
    """The shape of what it gives in eval mode."""
    model.eval()
    with torch.no_grad():
        return list(model(x).shape)


def all_learn(model: nn.Module, x: torch.Tensor) -> bool:
    """Whether a gradient that is finite and not zero reaches every parameter."""
    model.train()
    model(x).square().sum().backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    return all(g is not None and bool(g.isfinite().all()) and bool(g.any()) for g in gradients)


def accuracy(model: nn.Module, run: dict[str, Any], digits: str) -> float:
    """The share of test images that it knows after a short run of gradient descent."""
    images, labels = samples(digits, run)
    model.train()
    for batch in order(run).split(run["batch"]):
        output = model(images[batch])
        loss = loss_of(output, labels[batch], run["output"])
        for parameter in model.parameters():
            parameter.grad = None
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= run["rate"] * parameter.grad
    test = slice(TRAIN_SAMPLES, TRAIN_SAMPLES + run["test"])
    with torch.no_grad():  # with the statistics of the test images: after so few steps running averages mean little
        return float((model(images[test]).argmax(1) == labels[test]).float().mean())


def samples(digits: str, run: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """All images, (n, channels, side, side), and their classes, (n,)."""
    with np.load(digits, allow_pickle=False) as archive:
        x, labels = torch.from_numpy(archive["images"]).float(), torch.from_numpy(archive["labels"])
    x = F.interpolate(x[:, None] / PEAK, size=(run["side"], run["side"]), mode="bilinear")
    return (x.expand(-1, run["channels"], -1, -1) - MEAN) / DEVIATION, labels


def order(run: dict[str, Any]) -> torch.Tensor:
    """The training samples in the order of use."""
    random = np.random.default_rng(0)
    needed = run["steps"] * run["batch"]
    rounds = [random.permutation(TRAIN_SAMPLES) for _ in range(-(-needed // TRAIN_SAMPLES))]
    return torch.from_numpy(np.concatenate(rounds)[:needed])


def loss_of(output: torch.Tensor, labels: torch.Tensor, kind: str) -> torch.Tensor:
    """The loss of probabilities or of logits."""
    if kind == "probabilities":
        return F.nll_loss(output.clamp_min(1e-12).log(), labels)
    return F.cross_entropy(output, labels)


def answers(file: str) -> dict[str, dict[str, Any]]:
    """What a right submission answers, by exercise."""
    submission, found = from_file(file), {}
    for question in wanted()["questions"]:
        model = built(submission, question)
        output = shape(model, torch.randn(question["input"]))
        found[question["name"]] = {"parameters": parameters(model), "output": output}
    return found


def floor(files: list[str]) -> list[float]:
    """The seconds that each submission takes once everything is imported and warm."""
    expect_all(from_file(files[0]))
    took = []
    for file in files:
        started = time.perf_counter()
        expect_all(from_file(file))
        took.append(time.perf_counter() - started)
    return took


if __name__ == "__main__":
    print(json.dumps(answers(sys.argv[2]) if sys.argv[1] == "answers" else floor(sys.argv[2:])))
