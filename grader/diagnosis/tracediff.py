"""Where two forward passes part: the reference's operations beside the student's, the first divergence marked. Pure.

Up to there they are matched by value, since with canonical weights equal values mean equal computation, however it is
written: in place or not, as a module, a function or a formula, with shortcuts early or late. An operation whose own
value never shows counts as done where something made from it agrees. From there on nothing agrees any more, and the
rest is aligned by name.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

import numpy as np

from grader.wire.records import Operated, Operation

BEFORE, AFTER = 2, 4  # rows around the first divergence
CLOSE, ROUGHLY = 1e-7, 2e-3  # relative, where both passes are in float64, and where one is not
# They move numbers about, or none at all, and are left out.
VIEWS = frozenset(
    [
        "view",
        "reshape",
        "flatten",
        "unflatten",
        "squeeze",
        "unsqueeze",
        "detach",
        "clone",
        "contiguous",
        "to",
        "double",
        "float",
        "type",
        "type_as",
        "get",
        "t",
        "permute",
        "transpose",
        "swapaxes",
        "movedim",
        "expand",
        "expand_as",
        "view_as",
        "reshape_as",
        "alias",
        "ravel",
        "cpu",
    ]
)
# Spellings of one operation.
_ALIASES = {
    "iadd": "add",
    "radd": "add",
    "isub": "sub",
    "rsub": "sub",
    "subtract": "sub",
    "imul": "mul",
    "rmul": "mul",
    "multiply": "mul",
    "truediv": "div",
    "itruediv": "div",
    "divide": "div",
    "clamp": "relu",
    "clamp_min": "relu",
    "clip": "relu",
    "threshold": "relu",
    "maximum": "relu",
    "addmm": "linear",
    "matmul": "linear",
    "rmatmul": "linear",
    "mm": "linear",
    "bmm": "linear",
    "einsum": "linear",
    "conv_relu": "conv2d",
    "native_batch_norm": "batch_norm",
    "max_pool2d_with_indices": "max_pool2d",
}


@dataclass(frozen=True)
class Step:
    """One operation, as it is shown. `module` is the student's own path to it; empty outside of all modules. `file` and
    `line` say where it comes from."""

    name: str
    shape: tuple[int, ...]
    module: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Row:
    """What the reference does, and what the student's code does there; None where one of them does nothing.

    `same` says that operation and shape agree, `equal` that the values do, `first` that the passes part here.
    """

    expected: Step | None
    got: Step | None
    same: bool
    equal: bool
    first: bool = False


@dataclass(frozen=True)
class TraceDiff:
    """The rows around the first divergence, and how many were left out before and after them."""

    rows: tuple[Row, ...]
    before: int
    after: int


def compare(
    student: Operated, student_values: np.ndarray, reference: Operated, reference_values: np.ndarray
) -> TraceDiff | None:
    """Lay the student's pass beside the reference's; None where they do not part. The values are (operations ×
    DIGEST_WIDTH), as they come with the records."""
    relative = CLOSE if student.dtype == reference.dtype == "float64" else ROUGHLY
    if _ends_alike(student, reference, student_values, reference_values, relative):
        return None
    aligned = rows(student, student_values, reference, reference_values, relative)
    first = next((index for index, row in enumerate(aligned) if not row.equal), None)
    if first is None:
        return None
    aligned[first] = replace(aligned[first], first=True)
    start, end = max(0, first - BEFORE), min(len(aligned), first + AFTER + 1)
    return TraceDiff(tuple(aligned[start:end]), start, len(aligned) - end)


def rows(
    student: Operated,
    student_values: np.ndarray,
    reference: Operated,
    reference_values: np.ndarray,
    relative: float = CLOSE,
) -> list[Row]:
    """Both passes side by side, from the first operation to the last."""
    partners = _partners(student, student_values, reference, reference_values, relative)
    done = _done(reference.operations, set(partners))
    shown = _shown(reference)
    divergence = next((place for place, i in enumerate(shown) if i not in done), len(shown))
    agreed = (_agreed(reference, student, i, partners) for i in shown[:divergence])
    left = [i for i in shown[divergence:] if i in partners or i not in done]
    return [*agreed, *_after(student, reference, partners, left)]


def _partners(
    student: Operated, student_values: np.ndarray, reference: Operated, reference_values: np.ndarray, relative: float
) -> dict[int, int]:
    """For operations of the reference one of the student's with the same values, each its own as long as there are."""
    partners: dict[int, int] = {}
    taken: set[int] = set()
    sizes = np.array([math.prod(operation.shape) for operation in student.operations], dtype=np.float64)
    for index, (operation, values) in enumerate(zip(reference.operations, reference_values, strict=True)):
        close = _close(student_values, values, relative) & (sizes == math.prod(operation.shape))
        found = np.flatnonzero(close).tolist()
        best = sorted(found, key=lambda j: (j in taken, _label(student.operations[j]) != _label(operation), j))
        if best:
            partners[index] = best[0]
            taken.add(best[0])
    return partners


def _close(rows: np.ndarray, values: np.ndarray, relative: float) -> np.ndarray:
    """Which rows (n, DIGEST_WIDTH) are digests of the same numbers. NaN is like nothing."""
    if not len(rows):
        return np.zeros(0, dtype=bool)
    with np.errstate(invalid="ignore", over="ignore"):
        room = relative * (np.abs(values) + abs(values[0])) + 1e-12
        return np.asarray((np.abs(rows - values) <= room).all(axis=1) & np.isfinite(room).all())


def _ends_alike(student: Operated, reference: Operated, mine: np.ndarray, theirs: np.ndarray, relative: float) -> bool:
    """Whether both passes end in outputs of the same values."""
    if student.problem or student.result < 0 or reference.result < 0:
        return False
    shapes = student.operations[student.result].shape, reference.operations[reference.result].shape
    own = mine[student.result : student.result + 1]
    return shapes[0] == shapes[1] and bool(_close(own, theirs[reference.result], relative)[0])


def _done(operations: Sequence[Operation], agreed: set[int]) -> set[int]:
    """The operations that agree, and all that those are made from."""
    done = set(agreed)
    for index in range(len(operations) - 1, -1, -1):
        if index in done:
            done.update(operations[index].inputs)
    return done


def _shown(operated: Operated) -> list[int]:
    """The operations that have a row, in an order that does not hang on which of two branches was written first: what
    an operation is made from comes before it, the longer branch first. What leads nowhere has no row."""
    return [index for index in _in_order(operated) if operated.operations[index].name not in VIEWS]


def _in_order(operated: Operated) -> list[int]:
    operations = operated.operations
    if operated.result < 0:
        return list(range(len(operations)))
    below: list[int] = []  # of each operation, those that it is made from, near and far, as bits
    for operation in operations:
        below.append(reduce(or_, (below[i] | 1 << i for i in operation.inputs), 0))
    order: dict[int, None] = {}
    waiting = [operated.result]
    while waiting:
        index = waiting[-1]
        missing = [i for i in operations[index].inputs if i not in order]
        if missing:
            waiting.append(max(missing, key=lambda i: (below[i].bit_count(), -i)))
        else:
            order[waiting.pop()] = None
    return list(order)


def _agreed(reference: Operated, student: Operated, index: int, partners: dict[int, int]) -> Row:
    """An operation on which both agree, if only by what is made from it."""
    got = student.operations[partners[index]] if index in partners else None
    return _row(reference.operations[index], got, True)


def _after(student: Operated, reference: Operated, partners: dict[int, int], theirs: list[int]) -> Iterator[Row]:
    """From the divergence on: what agrees again side by side, the rest aligned by name. `theirs` are the operations
    of the reference that are left."""
    back = {partners[i]: i for i in theirs if i in partners}
    known = _done(student.operations, set(partners.values())) - set(back)
    mine = [j for j in _shown(student) if j not in known]
    keys = [("=", str(i)) if i in partners else ("name", _label(reference.operations[i])) for i in theirs]
    own = [("=", str(back[j])) if j in back else ("name", _label(student.operations[j])) for j in mine]
    for a, b in _pairs(keys, own):
        expected = None if a is None else reference.operations[theirs[a]]
        got = None if b is None else student.operations[mine[b]]
        yield _row(expected, got, a is not None and b is not None and keys[a] == own[b] and keys[a][0] == "=")


def _pairs(keys: Sequence[object], own: Sequence[object]) -> Iterator[tuple[int | None, int | None]]:
    """Which places of two sequences stand beside each other."""
    start = 0
    # Two neighbours in the other order stay together; the longest common part would tear them apart.
    if len(keys) > 1 and len(own) > 1 and keys[0] != own[0] and (keys[0], keys[1]) == (own[1], own[0]):
        yield from ((0, 0), (1, 1))
        start = 2
    matcher = difflib.SequenceMatcher(None, keys[start:], own[start:], autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        for offset in range(max(b - a, d - c)):
            yield (
                start + a + offset if a + offset < b else None,
                start + c + offset if c + offset < d else None,
            )


def _row(expected: Operation | None, got: Operation | None, equal: bool) -> Row:
    same = equal or (
        expected is not None and got is not None and (_label(expected), expected.shape) == (_label(got), got.shape)
    )
    return Row(_step(expected), _step(got), same, equal)


def _step(operation: Operation | None) -> Step | None:
    if operation is None:
        return None
    return Step(_label(operation), operation.shape, operation.module, operation.file, operation.line)


def _label(operation: Operation) -> str:
    return _ALIASES.get(operation.name, operation.name)
