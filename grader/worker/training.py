"""The short training run: canonical weights, a fixed order of samples, plain gradient descent, one thread."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from grader.wire.records import Begun, Trained
from grader.worker import build, canonical, tree
from grader.worker.forward import plain
from grader.worker.problems import SubmissionFault
from grader.worker.roles import Role
from grader.worker.student import Student

Arrays = dict[str, np.ndarray]


@dataclass
class Run:
    """A training run under way. `losses` are those of the steps made."""

    model: nn.Module
    parameters: list[nn.Parameter]
    batches: list[tuple[torch.Tensor, torch.Tensor]]
    test: torch.Tensor
    params: dict[str, Any]
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def advance(self, steps: int) -> None:
        """Make so many further steps, or as many as are left."""
        started = time.process_time()
        for batch in self.batches[len(self.losses) :][:steps]:
            self.losses.append(_step(self.model, self.parameters, *batch, self.params))
        self.seconds += time.process_time() - started


def begin(student: Student, params: dict[str, Any], arrays: Arrays) -> tuple[Begun, Arrays]:
    """Make the first ``params["first"]`` steps with a fresh subject, and keep it for `train`.

    Takes "images" (steps × batch, h, w) or (…, 3) uint8 in the order of use, "labels" (steps × batch,) int64, and
    "test" like "images". The labels of "test" are not here. Arrays: "losses", "state", a hash of all that the rest of
    the run depends on, wherever and under whatever names the subject keeps it, and "scores" of the test images so far:
    what is done to many images at once must show as well.
    """
    model = build.as_module(build.make(student, params))
    device = torch.device(params["device"])
    images = prepare(arrays["images"], params).to(device)
    labels = torch.from_numpy(arrays["labels"]).to(device)
    traced = build.trace(model, images[:2].cpu()).roles
    model.to(device, torch.float32)
    tensors = tree.with_roles(model, traced)
    student.values(params["seed"]).fill((entry.tensor, role) for entry, role in tensors)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    batches = list(zip(images.split(params["batch"]), labels.split(params["batch"]), strict=True))
    model.train()
    canonical.reseed(params["seed"])
    student.run = Run(model, parameters, batches, prepare(arrays["test"], params).to(device), params)
    student.run.advance(params["first"])
    found = {"losses": np.array(student.run.losses, dtype=np.float64), "state": _state(tensors, device)}
    with _unchanged(model, device):
        found["scores"] = _scores(model, student.run.test)
    return Begun(len(student.run.losses)), found


def train(student: Student, params: dict[str, Any], arrays: Arrays) -> tuple[Trained, Arrays]:
    """Make the steps that are left, and score the test images. Arrays: "losses" of all steps, and "scores"."""
    run: Run | None = student.run
    if run is None:
        raise SubmissionFault("NotBegun", "the training run was not begun")
    run.advance(len(run.batches))
    scores = _scores(run.model, run.test)
    losses = np.array(run.losses, dtype=np.float64)
    return Trained(len(losses), round(run.seconds, 3)), {"losses": losses, "scores": scores}


@contextmanager
def _unchanged(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Afterwards buffers and random numbers are as they were before."""
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield
    for buffer, before in buffers:
        buffer.copy_(before)


def _state(tensors: list[tuple[tree.Held, Role]], device: torch.device) -> np.ndarray:
    """A hash (32,) uint8 of all parameters and buffers, bit for bit, in no order, and of the random state."""
    each = sorted(_hashed(role.standard(entry.tensor)) for entry, role in tensors)
    random = [torch.get_rng_state()] + ([torch.cuda.get_rng_state(device)] if device.type == "cuda" else [])
    digest = hashlib.sha256(b"".join([*each, *(state.numpy().tobytes() for state in random)])).digest()
    return np.frombuffer(digest, dtype=np.uint8)


def _hashed(tensor: torch.Tensor) -> bytes:
    content = plain(tensor)
    return hashlib.sha256(repr((content.shape, content.dtype.str)).encode() + content.tobytes()).digest()


def prepare(images: np.ndarray, params: dict[str, Any]) -> torch.Tensor:
    """Images (n, h, w) or (n, h, w, 3) with values 0..peak as float32 (n, channels, side, side), about zero mean and
    unit variance. Grey becomes as many equal channels as are asked for; colours become their mean where it is one."""
    x: torch.Tensor = torch.from_numpy(images).float()
    x = (x[:, None] if x.ndim == 3 else x.movedim(3, 1)) / params["peak"]
    if x.shape[1] not in (1, params["channels"]):
        x = x.mean(1, keepdim=True)
    x = F.interpolate(x, size=(params["side"], params["side"]), mode="bilinear")
    x = x.expand(-1, params["channels"], -1, -1).contiguous()
    return (x - float(params["mean"])) / float(params["deviation"])


def _step(
    model: nn.Module,
    parameters: list[nn.Parameter],
    images: torch.Tensor,
    labels: torch.Tensor,
    params: dict[str, Any],
) -> float:
    """One update by plain gradient descent; returns the loss before it.

    The update is written out: torch.optim would import a compiler first, for 1.5 seconds.
    """
    output = model(images)
    _expect_scores(output, len(images))
    loss = _loss(output, labels, params["output"])
    for parameter in parameters:
        parameter.grad = None
    loss.backward()
    moves = [(parameter.data, parameter.grad) for parameter in parameters if parameter.grad is not None]
    torch._foreach_add_([weight for weight, _ in moves], [gradient for _, gradient in moves], alpha=-params["rate"])
    return float(loss.detach())


def _loss(output: torch.Tensor, labels: torch.Tensor, kind: str) -> torch.Tensor:
    if kind == "probabilities":
        return F.nll_loss(output.clamp_min(1e-12).log(), labels)
    return F.cross_entropy(output, labels)


def _scores(model: nn.Module, test: torch.Tensor) -> np.ndarray:
    """Class scores of the test images, with batch statistics: after so few steps running averages mean little."""
    model.train()
    with torch.no_grad():
        output = model(test)
    _expect_scores(output, len(test))
    return plain(output.float())


def _expect_scores(output: Any, samples: int) -> None:
    if not isinstance(output, torch.Tensor) or output.ndim != 2 or len(output) != samples:
        shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        raise SubmissionFault("WrongOutput", f"expected one row of scores per image ({samples}, …), got {shape}")
