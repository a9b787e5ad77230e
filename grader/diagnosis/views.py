"""Views of an evidence that can be laid beside another's: each says one thing, free of names, order and spelling.

Two subjects agree in a view when nobody could tell them apart by it. A view is absent where there is nothing to see,
since an earlier step failed; what is absent on both sides is no likeness.
"""

from __future__ import annotations

import builtins
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks import aspects, layers, method
from grader.checks.compare import comparable, difference, unmatched
from grader.checks.gradients import mismatched
from grader.checks.modes import buffers
from grader.checks.parameters import described
from grader.checks.question import Question
from grader.course import Exercise
from grader.diagnosis import chance, curves
from grader.evidence import Answered, Evidence, Outcome
from grader.sandbox.limits import Death
from grader.wire.records import Built, Described, Dried, Found, Observed, OutputInfo, Problem, Ran

# In the places where a student's own names stand in a message of Python's or torch's.
_QUOTED = re.compile(r"'[^']*'|`[^`]*`|\"[^\"]*\"|0x[0-9a-f]+")
# What says in which order things are written: `x + y` or `y + x`, which of two paths is gone first.
_TWO_SIZES = re.compile(r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)")
_WEIGHT = re.compile(r"weight of size \[[\d, ]*\]")
_PUBLIC = {
    *(name for name, value in vars(builtins).items() if isinstance(value, type)),
    *("NoneType", "function", "method", "generator", "module", "builtin_function_or_method", "odict_values"),
    *("Tensor", "Parameter", "Linear", "Sequential", "ModuleList", "ModuleDict", "OrderedDict", "CrossEntropyLoss"),
    *("WatchedModel", "WatchedSGD", "DataLoader", "_SingleProcessDataLoaderIter"),  # what scenes hand over
    *("backward", "item", "shape", "size", "dim", "log_softmax", "cross_entropy_loss", "mse_loss", "weight", "bias"),
}
_KINDS = ("modes",)  # arrays that say of what kinds things were, not how many
_TASTE = ("axes",)  # facts: both curves in one panel, or each in its own
_SOME = ("empty panels",)  # facts that are numbers: whether there are any is what tells
VALUES = 1e-6  # relative; spellings of one network differ by 1e-13, in float32 by 1e-5
ROUGHLY = 2e-3  # where either side computes in float32
Comparer = Callable[[Evidence, Evidence], bool | None]


@dataclass(frozen=True)
class View:
    """One thing to look at: its name, and whether two subjects look alike; None where either shows nothing.

    `numbers` tells views of computed values, where two mistakes at once look like neither, from those of kinds and
    counts, where each shows by itself. Of numbers, `many` are so many, of so much of the network, that no other mistake
    gives the same. `style` is a matter of taste: departing from the reference in it means nothing, it only says which
    of several equals is nearest.
    """

    name: str
    alike: Comparer
    numbers: bool = False
    style: bool = False
    many: bool = False


def of(exercise: Exercise, reference: Evidence) -> Iterator[View]:
    """All views of an exercise's evidence, from the first question to the last."""
    yield View("found", _by_record("find", Found, lambda record: record.kind))
    if exercise.scene:
        yield View("scene ends", _ends("scene"))
        yield View("scene problem", _by_record("scene", Observed, lambda seen: ending(seen.problem)))
        seen = reference.get("scene", Observed)
        for fact in seen.facts if seen else ():
            yield View(f"fact {fact.name}", _fact(fact.name), style=fact.name in _TASTE)
        yield from _arrays(exercise.scene, reference)
    for number, case in enumerate(exercise.cases):
        yield View(f"built {number}", _ends(f"build.{number}"))
        yield View(f"construction {number}", _by_record(f"build.{number}", Built, _construction))
        yield View(f"parameters {number}", _by_description(number, lambda table: layers.keys(table)))
        yield View(f"registration {number}", _by_description(number, _registration))
        if exercise.exact_shapes:
            yield View(f"stored shapes {number}", _by_description(number, _stored))
        for mode, index in (("train", 0), *(("eval", index) for index in range(len(case.inputs)))):
            probe = f"{mode}.{number}.{index}"
            yield View(f"{probe} ends", _ends(probe))
            yield View(f"{probe} output", _by_record(probe, Ran, lambda ran: _form(ran.output)))
            if mode == "eval" or exercise.scene != "dropout":  # which is seen by its traits
                yield View(f"{probe} values", _values(probe), numbers=True, many=True)
            yield View(f"{probe} conduct", _by_record(probe, Ran, _conduct))
        yield View(f"no gradient {number}", _missing(number))
        if exercise.scene != "dropout":
            yield View(f"gradients {number}", _gradients(number), numbers=True)
        yield View(f"statistics {number}", _statistics(number), numbers=True, many=True)
        yield View(f"uses {number}", _uses(number))
        yield View(f"containers {number}", _by_description(number, _containers), style=True)
    if exercise.method:
        yield View("method", _both(lambda evidence: _method(exercise, evidence), needs="trace.0"))
    if exercise.cases:
        # As weak as a number: whatever ends a pass on a GPU ends it everywhere.
        dried = _by_record("dry", Dried, lambda dried: (dried.problem is None, _form(dried.output)))
        yield View("dry", dried, numbers=True)


def _arrays(scene: str, reference: Evidence) -> Iterator[View]:
    """The numbers of a scene; where there is chance or taste in them, by what these cannot change."""
    traits = chance.traits(scene) or curves.traits(scene)
    for name, trait in traits.items():
        yield View(f"trait {name}", _trait(trait, reference), numbers=True)
    for name in reference.arrays("scene") if not traits else ():
        if name != "picture":  # no two people draw alike
            yield View(f"array {name}", _array(name, aspects.relative(scene, name)), numbers=name not in _KINDS)


def _trait(trait: Callable[[chance.Arrays, chance.Arrays], object], reference: Evidence) -> Comparer:
    ours = reference.arrays("scene")

    def alike(one: Evidence, other: Evidence) -> bool | None:
        return chance.alike(trait(one.arrays("scene"), ours), trait(other.arrays("scene"), ours))

    return alike


def ending(outcome: Outcome | None) -> object:
    """How a question ended, without a student's own names and words."""
    if isinstance(outcome, Problem):
        raised = bool(outcome.frames) and outcome.frames[-1].text.startswith("raise ")
        return outcome.type, "" if raised else _told(outcome.message)
    if isinstance(outcome, Death):
        return outcome.kind
    return "answered" if isinstance(outcome, Answered) else None


def _told(message: str) -> str:
    message = _TWO_SIZES.sub(lambda sizes: f"sizes {sorted(sizes.groups())} must match", message)
    return _QUOTED.sub(_public, _WEIGHT.sub("weight", message))


def _public(quoted: re.Match[str]) -> str:
    """A quoted word where it is Python's or torch's, and dots where it may be a student's."""
    return quoted[0] if quoted[0][1:-1] in _PUBLIC else "…"


def _ends(probe: str) -> Comparer:
    def alike(one: Evidence, other: Evidence) -> bool | None:
        ends = [ending(evidence.outcomes.get(probe)) for evidence in (one, other)]
        return None if None in ends else ends[0] == ends[1]

    return alike


def _by_record(probe: str, kind: type[Any], seen: Callable[[Any], object]) -> Comparer:
    def alike(one: Evidence, other: Evidence) -> bool | None:
        records = [evidence.get(probe, kind) for evidence in (one, other)]
        return None if None in records else seen(records[0]) == seen(records[1])

    return alike


def _by_description(number: int, seen: Callable[[Described], object]) -> Comparer:
    def alike(one: Evidence, other: Evidence) -> bool | None:
        tables = [described(evidence, number) for evidence in (one, other)]
        return None if tables[0] is None or tables[1] is None else seen(tables[0]) == seen(tables[1])

    return alike


def _construction(built: Built) -> object:
    """What came out of the constructor; a way of filling an nn.Sequential only where there is one."""
    return built.is_module, built.construction, built.type if not built.is_module else ""


def _registration(table: Described) -> object:
    """What the module does not know of, knows twice, or will not let learn."""
    return (
        Counter((row.container, row.count) for row in table.hidden),
        sum(len(row.aliases) for row in table.tensors),
        Counter((row.role, row.shape) for row in table.tensors if row.parameter and not row.trainable),
        Counter((row.role, row.shape) for row in table.tensors if not row.parameter),
        len(table.uninitialised),
    )


def _stored(table: Described) -> object:
    """The parameters in the shapes that the student gave them."""
    return Counter((row.role, row.stored) for row in table.tensors if row.parameter)


def _containers(table: Described) -> object:
    """In what kinds of containers layers are held."""
    return {base for row in table.modules for base in row.bases if base.startswith("torch.nn.modules.container.")}


def _form(output: OutputInfo) -> object:
    return output.kind, output.shape, output.dtype


def _conduct(ran: Ran) -> object:
    """What a forward pass did besides computing."""
    return (
        ran.input_changed,
        ran.repeats,
        bool(ran.stuck),
        bool(ran.buffers_changed),
        ran.has_input_gradient,
        ending(ran.backward_problem),
        ran.dtype,
    )


def _values(probe: str) -> Comparer:
    number = int(probe.split(".")[1])

    def alike(one: Evidence, other: Evidence) -> bool | None:
        if _drawn(number, one, other) or _random(number, one, other):
            return None
        return same(one.arrays(probe).get("output"), other.arrays(probe).get("output"), _relative(probe, one, other))

    return alike


def _drawn(number: int, *both: Evidence) -> bool:
    """Whether either holds tensors that the module does not know of: they keep what its constructor drew by chance."""
    tables = [described(evidence, number) for evidence in both]
    return any(table is not None and table.hidden for table in tables)


def _random(number: int, *both: Evidence) -> bool:
    """Whether either gives another output each time."""
    rans = [evidence.get(f"eval.{number}.0", Ran) for evidence in both]
    return any(ran is not None and ran.repeats is False for ran in rans)


def same(one: np.ndarray | None, other: np.ndarray | None, relative: float = VALUES) -> bool | None:
    """Whether two arrays hold the same numbers; NaN is like NaN here, since both are one mistake's."""
    if one is None or other is None:
        return None
    if not comparable(one, other):
        return False
    if not one.size:
        return True
    if not np.isfinite(other).all() or not np.isfinite(one).all():
        return bool(np.array_equal(np.isfinite(one), np.isfinite(other)))
    return difference(one, other, relative) is None


def _relative(probe: str, *both: Evidence) -> float:
    rans = [evidence.get(probe, Ran) for evidence in both]
    return VALUES if all(ran and ran.dtype == "float64" for ran in rans) else ROUGHLY


def _missing(number: int) -> Comparer:
    """Which parameters no gradient reaches, by role and shape."""

    def seen(evidence: Evidence) -> object:
        ran, table = evidence.get(f"train.{number}.0", Ran), described(evidence, number)
        if ran is None or table is None:
            return None
        keys = {row.path: (row.role, row.shape) for row in table.tensors}
        return Counter(keys.get(path) for path in ran.missing)

    return _both(seen)


def _uses(number: int) -> Comparer:
    """How often each normalisation was used in one pass."""

    def seen(evidence: Evidence) -> object:
        held = {key: rows for key, rows in buffers(evidence, number).items() if key[0] == "count"}
        return {key: sorted(rows[:, 0].tolist()) for key, rows in held.items()} or None

    return _both(seen)


def _method(exercise: Exercise, evidence: Evidence) -> object:
    """What the check of the build method says, without a student's own names."""
    found = method.judge(Question(exercise, evidence, evidence, frozenset(), "cpu"))
    return found.verdict, _QUOTED.sub("…", found.rationale)


def _both(seen: Callable[[Evidence], object], needs: str = "") -> Comparer:
    def alike(one: Evidence, other: Evidence) -> bool | None:
        if needs and not (one.answered(needs) and other.answered(needs)):
            return None
        found = seen(one), seen(other)
        return None if None in found else found[0] == found[1]

    return alike


def _gradients(number: int) -> Comparer:
    probe = f"train.{number}.0"

    def alike(one: Evidence, other: Evidence) -> bool | None:
        if any("gradients" not in evidence.arrays(probe) for evidence in (one, other)) or _drawn(number, one, other):
            return None
        relative = 10 * _relative(probe, one, other)
        inputs = [evidence.arrays(probe).get("input_gradient") for evidence in (one, other)]
        if same(inputs[0], inputs[1], relative) is False:
            return False
        return not any(_lonely(*pair, number, relative) for pair in ((one, other), (other, one)))

    return alike


def _lonely(one: Evidence, other: Evidence, number: int, relative: float) -> list[str]:
    """Parameters of one side whose gradient the other has not; those without any are another view."""
    ran = one.get(f"train.{number}.0", Ran)
    missing = set(ran.missing) if ran else set()
    return [path for path in mismatched(one, other, number, relative) if path not in missing]


def _statistics(number: int) -> Comparer:
    probe = f"train.{number}.0"

    def alike(one: Evidence, other: Evidence) -> bool | None:
        if one.get(probe, Ran) is None or other.get(probe, Ran) is None or _drawn(number, one, other):
            return None
        mine, theirs = buffers(one, number), buffers(other, number)
        relative = 10 * _relative(probe, one, other)
        return set(mine) == set(theirs) and not any(
            len(mine[key]) != len(theirs[key]) or unmatched(mine[key], theirs[key], relative, 1e-9) for key in mine
        )

    return alike


def _fact(name: str) -> Comparer:
    return _by_record("scene", Observed, lambda seen: seen.fact(name) != "0" if name in _SOME else seen.fact(name))


def _array(name: str, relative: float) -> Comparer:
    def alike(one: Evidence, other: Evidence) -> bool | None:
        mine, theirs = one.arrays("scene").get(name), other.arrays("scene").get(name)
        if mine is None and theirs is None:  # alike, if both came so far that they could have had it
            return True if one.answered("scene") and other.answered("scene") else None
        if name in _KINDS and mine is not None and theirs is not None:
            return set(mine.ravel().tolist()) == set(theirs.ravel().tolist())
        return bool(same(mine, theirs, relative))

    return alike
