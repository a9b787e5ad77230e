"""Models, data sets and optimizers that we hand to a student's loop, and that remember what is done to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from grader.worker.canonical import normal
from grader.worker.places import Places

FEATURES, HIDDEN, CLASSES = 6, 8, 4


class Log(list[Any]):
    """A list that stays the same one when what holds it is copied: a copy of a model is watched, too."""

    def __deepcopy__(self, _: Any) -> Log:
        return self


class WatchedModel(nn.Module):
    """A small classifier with BatchNorm; notes mode and gradient flag of every forward pass."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU())
        self.head = nn.Linear(HIDDEN, CLASSES)
        self.passes = Log()  # training flag, gradient flag, samples
        self.given = Log()  # the inputs of every pass
        self.places: Places | None = None  # told of every pass, if there are any
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(0.5 * normal(parameter.shape, seed, name))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Class scores (n, CLASSES) of x (n, FEATURES)."""
        training = all(module.training for module in self.modules())
        evaluating = not any(module.training for module in self.modules())
        # 1 training, 0 evaluating, -1 something between: a flag set by hand, say
        self.passes.append((1 if training else 0 if evaluating else -1, int(torch.is_grad_enabled()), len(x)))
        self.given.append(x.detach().clone())
        if self.places is not None:
            self.places.before_pass(self, x)
        scores: torch.Tensor = self.head(self.body(x))
        return scores

    def state(self) -> torch.Tensor:
        """All parameters as one vector."""
        return torch.cat([parameter.detach().reshape(-1) for parameter in self.parameters()])

    def statistics(self) -> torch.Tensor:
        """All buffers as one vector."""
        return torch.cat([buffer.detach().reshape(-1).float() for buffer in self.buffers()])

    def balance(self, x: torch.Tensor) -> None:
        """Make each class the answer to some of these samples, whatever the weights are: features that are all in use,
        scores of one mean and spread, and who answers too seldom is raised."""
        mode = self.training
        with torch.no_grad():
            for parameter in self.body[1].parameters():
                parameter.abs_().clamp_(min=0.5)
            features = self.eval().body(x)
            self.head.weight.div_((features @ self.head.weight.T).std(0)[:, None])
            self.head.bias.copy_(-(features @ self.head.weight.T).mean(0))
            for turn in range(20):
                shares = self.head(features).argmax(1).bincount(minlength=CLASSES) / len(x)
                self.head.bias.add_((1 / CLASSES - shares) / (1 + turn / 4))
        self.train(mode)

    def answers(self, x: torch.Tensor) -> torch.Tensor:
        """What it answers in eval mode, without taking notes."""
        mode = self.training
        with torch.no_grad():
            scores: torch.Tensor = self.eval().head(self.body(x))
        self.train(mode)
        return scores.argmax(1)

    def was_given(self, *data: WatchedData) -> bool:
        """Whether the inputs of its passes are the samples of these data, all of them and no others."""
        wanted = torch.cat([one.x for one in data])
        if not self.given or any(x.shape[1:] != wanted.shape[1:] for x in self.given):
            return False
        given = torch.cat([x.to(wanted) for x in self.given])
        equal = (given[:, None] - wanted).abs().amax(2) < 1e-4
        return bool(equal.any(0).all() and equal.any(1).all())

    def follow(self, *data: WatchedData) -> Places:
        """From here on the model, and these data, are followed to the device that they are moved to."""
        samples = [tensor for one in data for tensor in (one.x, one.y)]
        self.places = Places(*self.parameters(), *self.buffers(), *samples)
        return self.places


class WatchedSGD(torch.optim.SGD):
    """Gradient descent that keeps a copy of the gradient it was given at every step, however it was made."""

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__(parameters, lr=lr)
        self.seen: list[torch.Tensor] = []

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update, as torch.optim.SGD. The gradient is looked at after `closure` has run."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        self.seen.append(
            torch.cat(
                [
                    (torch.full_like(p, float("nan")) if p.grad is None else p.grad.detach()).reshape(-1)
                    for p in parameters
                ]
            )
        )
        super().step()
        return loss


class UnsteadySGD(WatchedSGD):
    """Gradient descent that goes uphill for a while: what was the best so far is then not what holds now."""

    def __init__(self, parameters: Any, lr: float, uphill: range = range(0)) -> None:
        super().__init__(parameters, lr)
        self.uphill = uphill  # by number of the update

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update, in the one direction or the other."""
        for group in self.param_groups:
            group["maximize"] = len(self.seen) in self.uphill
        return super().step(closure)


class WatchedData(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Samples (x, label) whose every look-up is noted, in order."""

    def __init__(self, size: int, seed: int, name: str, targets: torch.Tensor | None = None) -> None:
        self.x = normal((size, FEATURES), seed, name)
        weights = normal((FEATURES, CLASSES), seed, "truth")
        self.y = (self.x @ weights).argmax(1) if targets is None else targets
        self.visited: list[int] = []

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        self.visited.append(int(index))
        return self.x[index].clone(), self.y[index].clone()


def in_order(data: WatchedData, batch: int) -> DataLoader[tuple[torch.Tensor, torch.Tensor]]:
    """A loader without chance: the samples in order, the last batch ragged."""
    return DataLoader(data, batch_size=batch, shuffle=False)
