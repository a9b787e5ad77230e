"""Given to every attack: the right answer, a wrong one, and a wrong one that does something first."""

from collections.abc import Callable

import torch
from torch import nn


class Right(nn.Linear):
    """What the exercise asks for."""


class Wrong(nn.Linear):
    """Right in everything but its values: what an attack falls back on, so that nothing is earned by being right."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Twice the right answer, and one."""
        return super().forward(x) * 2 + 1


def during(deed: Callable[[], object]) -> type[nn.Module]:
    """A wrong answer that does `deed` in its forward pass. What was raised once is raised again: one bomb is enough."""
    raised: list[tuple[type[BaseException], tuple[object, ...]]] = []

    class Doing(Wrong):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if raised:
                raise raised[0][0](*raised[0][1])
            try:
                deed()
            except BaseException as error:
                raised.append((type(error), error.args))
                raise
            return super().forward(x)

    return Doing


def linear_functional(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """The neighbour: another exercise of the same file, done right."""
    return nn.functional.linear(x, weight, bias)
