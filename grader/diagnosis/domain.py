"""Which calls an exercise allows: read off its cases, where equal numbers in equal places belong together.

A size is a number of the constructor's arguments, of a tensor's shape or of an input's. Sizes that are equal in every
case are one size: the channels of an input and the argument that announces them. One that never changes stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from grader.course import Argument, Case, Exercise

LARGEST = 8  # no mistake was met that needs more, and small searches end sooner
_MOST_SAMPLES = 3
Place = tuple[object, ...]  # ("args", 0), ("args", 2, 1), ("tensors", "weight", 0)


@dataclass(frozen=True)
class Call:
    """A constructor's arguments, or a function's tensors, and the shape of the input."""

    args: tuple[Argument, ...]
    tensors: dict[str, tuple[int, ...]]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Size:
    """One size: its value in each case, in order."""

    values: tuple[int, ...]

    @property
    def choices(self) -> tuple[int, ...]:
        """What it may be, smallest first."""
        if len(set(self.values)) == 1:
            return self.values[:1]
        return tuple(range(1, min(LARGEST, max(self.values)) + 1))


class Domain:
    """All calls that resemble the cases of an exercise. Cases that are not built alike are left out."""

    def __init__(self, exercise: Exercise) -> None:
        first = exercise.cases[0]
        self._cases = [case for case in exercise.cases if set(_places(case)) == set(_places(first))]
        # A network without arguments may ask for images of some size; a block or a layer takes any.
        self.fixed = not first.args and not first.tensors

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """Numbers of dimensions that an input may have, smallest first."""
        return tuple(sorted({len(shape) for case in self._cases for shape in case.inputs}))

    @cached_property
    def _sizes(self) -> dict[Place, Size]:
        """Every place outside the inputs, with its size. Places of one size are equal here."""
        tables = [_places(case) for case in self._cases]
        return {place: Size(tuple(table[place] for table in tables)) for place in tables[0]}

    @cached_property
    def _flattened(self) -> Size | None:
        """The size that is the number of values in one sample, where an exercise takes samples of any shape."""
        for size in dict.fromkeys(self._sizes.values()):
            pairs = zip(self._cases, size.values, strict=True)
            if all(math.prod(shape[1:]) == value for case, value in pairs for shape in case.inputs):
                return size
        return None

    def choices(self, rank: int) -> tuple[tuple[int, ...], ...]:
        """What may be chosen for an input of that rank: batch, further dimensions, then every other size."""
        return (
            (1,) if self.fixed else tuple(range(1, _MOST_SAMPLES + 1)),
            *(self._dimension(rank, index) for index in range(1, rank)),
            *(size.choices for size in self._free),
        )

    def call(self, rank: int, numbers: Sequence[int]) -> Call:
        """The call with what was chosen, in the order of `choices`."""
        shape = list(numbers[:rank])
        chosen = dict(zip(self._free, numbers[rank:], strict=True))
        if self._flattened is not None:
            chosen[self._flattened] = math.prod(shape[1:])
        for index in range(1, rank):
            tied = self._tied(rank, index)
            if tied is not None:
                shape[index] = chosen[tied]
        first = self._cases[0]
        args = tuple(self._argument(("args", index), argument, chosen) for index, argument in enumerate(first.args))
        tensors = {
            name: tuple(chosen[self._sizes["tensors", name, axis]] for axis in range(len(dims)))
            for name, dims in first.tensors.items()
        }
        return Call(args, tensors, tuple(shape))

    @cached_property
    def _free(self) -> list[Size]:
        """The sizes that no dimension of the input decides."""
        return [size for size in dict.fromkeys(self._sizes.values()) if size != self._flattened]

    def _dimension(self, rank: int, index: int) -> tuple[int, ...]:
        if self._tied(rank, index) is not None:
            return (1,)  # a size that is chosen elsewhere takes its place
        seen = [shape[index] for case in self._cases for shape in case.inputs if len(shape) == rank]
        if self._flattened is None and len(seen) > 1 and len(set(seen)) == 1:
            return (seen[0],)
        if self.fixed:
            return (min(seen),)
        return tuple(range(1, min(LARGEST, max(seen)) + 1))

    def _tied(self, rank: int, index: int) -> Size | None:
        """The size outside the input that this dimension always equals."""
        if self._flattened is not None:
            return None
        seen = [(k, s[index]) for k, case in enumerate(self._cases) for s in case.inputs if len(s) == rank]
        sizes = [size for size in dict.fromkeys(self._sizes.values()) if len(size.choices) > 1]
        return next((size for size in sizes if all(size.values[k] == value for k, value in seen)), None)

    def _argument(self, place: Place, argument: Argument, chosen: dict[Size, int]) -> Argument:
        if isinstance(argument, list):
            return [chosen[self._sizes[(*place, index)]] for index in range(len(argument))]
        return chosen[self._sizes[place]] if place in self._sizes else argument


def _places(case: Case) -> dict[Place, int]:
    """All integers outside the inputs, by place."""
    return dict((*_of_arguments(case), *_of_tensors(case)))


def _of_arguments(case: Case) -> Iterator[tuple[Place, int]]:
    for index, argument in enumerate(case.args):
        if isinstance(argument, list):
            yield from ((("args", index, position), value) for position, value in enumerate(argument))
        elif type(argument) is int:
            yield ("args", index), argument


def _of_tensors(case: Case) -> Iterator[tuple[Place, int]]:
    for name, dims in case.tensors.items():
        yield from ((("tensors", name, axis), size) for axis, size in enumerate(dims))
