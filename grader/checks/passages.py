"""What layers are given and give, told as shapes; and whether two layers of equal parameters stand in equal places.

Shapes are evidence for a reader and decide no points. They would be poor judges: a model whose output is right may
flatten, pad or stride elsewhere than the reference does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from operator import mul

from grader.checks import words
from grader.wire.records import MOST_PASSAGES, Described, Passage, Passed

_KIND_WIDTH = 40  # characters of a type's name


@dataclass(frozen=True)
class Passages:
    """The first calls of one model's layers, by path. `whole` says that a layer without one was not called."""

    calls: Mapping[str, Passage]
    whole: bool

    def told(self, path: str) -> tuple[str, str]:
        """What the layer was given and gave, e.g. ``(64, 784)`` and ``(64, 300)``; empty where nobody knows."""
        call = self.calls.get(path)
        return (", ".join(map(_told, call.given)), _told(call.gave)) if call else ("", "")

    def called(self, path: str) -> bool:
        """Whether the layer was called, as far as anybody knows."""
        return path in self.calls or not self.whole

    def alike(self, path: str, expected: Passages, place: str) -> tuple[bool, bool]:
        """Whether the layer at `path` is given what the one at `place` is, and whether it gives what that one gives.

        Neighbouring axes that are flattened in one and not in the other make no difference, nor do axes of size 1:
        (64, 1, 28, 28), (64, 28, 28) and (64, 784) are alike, (2, 64, 24, 20) and (2, 64, 12, 10) are not. Only a
        single tensor is compared: what nobody knows, and what is no tensor, is alike to anything.
        """
        call, other = self.calls.get(path), expected.calls.get(place)
        if call is None or other is None:
            return True, True
        return _alike(call.given, other.given), _alike((call.gave,), (other.gave,))


def passages(described: Described) -> Passages:
    """The first calls that a description tells; of one from before they were noted, nothing is known."""
    calls: dict[str, Passage] = {}
    for call in described.passages:
        calls.setdefault(call.path, call)
    return Passages(calls, 0 < len(described.passages) < MOST_PASSAGES)


def _told(passed: Passed) -> str:
    return words.shape(passed.shape) if passed.kind == "Tensor" else passed.kind[:_KIND_WIDTH]


def _alike(ones: tuple[Passed, ...], others: tuple[Passed, ...]) -> bool:
    if len(ones) != 1 or len(others) != 1 or {ones[0].kind, others[0].kind} != {"Tensor"}:
        return True
    steps, more = (set(accumulate(passed.shape, mul, initial=1)) for passed in (ones[0], others[0]))
    return steps <= more or more <= steps
