"""The course on disk: assignments with their exercises, rubric and cases, read from ``reference/*/assignment.toml``.

Everything is checked while it is read: a course that does not hold together refuses to load, and says where.
"""

from __future__ import annotations

import ast
import json
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from grader import coursewide, tables
from grader.coursewide import default_root, title
from grader.errors import CourseError, UsageError
from grader.language import _, joined
from grader.sandbox.limits import NOTHING_SET, Allowance, allowance
from grader.text import alike

TRAIN_SAMPLES = 1400  # of the 1 797 digits; the rest is the test split
TEST_SAMPLES = 397
# Of a training run: these losses are judged, so they are always the student's own; what is equal so far to the last bit
# is the same run (see `trajectory`).
FIRST_STEPS = 2
FORMS = ("class", "function")
# What a rubric may name. The checks are not imported: they import this module.
CHECK_IDS = (
    "defined",
    "constructs",
    "method",
    "parameters",
    "shapes",
    "forward",
    "modes",
    "gradients",
    "device",
    "training",
    "behaviour",
)
RULES = (
    "direct-subclass",
    "sequential-args",
    "sequential-add-module",
    "sequential-ordered-dict",
    "sequential-containers",
    "module-list",
    "module-dict",
    "functional",
)

Argument = int | float | str | list[int]


LOUD = 40  # enough for the last ReLU of a network; softmax is not saturated yet


@dataclass(frozen=True)
class Case:
    """Constructor arguments, and the shapes of inputs to try them on. The first input is also differentiated.

    For a function of tensors, `tensors` holds the shapes of those that follow the input, by name.
    """

    args: tuple[Argument, ...]
    inputs: tuple[tuple[int, ...], ...]
    tensors: dict[str, tuple[int, ...]]

    def loudness(self, index: int) -> int:
        """By what an input is multiplied. The second is loud: what cuts off large activations (ReLU6) shows there."""
        return LOUD if index == 1 else 1


@dataclass(frozen=True)
class Training:
    """A short run: `steps` batches of `batch` digits, `side`×`side` with `channels`, gradient descent at `rate`.

    `output` says whether the model returns "logits" or "probabilities"; `test` images are scored at the end;
    `seconds` is about how long it takes (longest first keeps all cores busy); `samples` is what the images are called.
    """

    args: tuple[Argument, ...]
    steps: int
    batch: int
    rate: float
    side: int
    channels: int
    output: str
    test: int
    seconds: float
    samples: str = "digits"


@dataclass(frozen=True)
class Band:
    """Test accuracies that a correct submission may have, measured from `runs` runs of the reference."""

    lowest: float
    mean: float
    deviation: float
    runs: int


@dataclass(frozen=True)
class Method:
    """The build method that an exercise is about: a named rule, and the layer names it fixes, if any."""

    rule: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exercise:
    """One gradable part. `points` maps check ids to what they are worth, in the order of checking.

    `scene` names what is played with a function or loop (see worker/loops.py); `exact_shapes` asks for parameters
    stored just as the handout says, where otherwise a matrix may be kept the other way round. `limits` are those that
    the rubric sets, for the exercise or for its whole assignment.
    """

    assignment: str
    name: str
    title: str
    form: str
    points: dict[str, float]
    cases: tuple[Case, ...]
    method: Method | None
    training: Training | None
    band: Band | None
    scene: str = ""
    exact_shapes: bool = False
    limits: Allowance = NOTHING_SET

    @property
    def id(self) -> str:
        return f"{self.assignment}.{self.name}"

    @property
    def max_score(self) -> float:
        return _sum(self.points.values())


@dataclass(frozen=True)
class Assignment:
    """What is set: a module to hand in, with its exercises, and the reference solution's source.

    `stand_ins` is the source of what takes the place of exercises that others are built on (see `standins`).
    """

    id: str
    title: str
    module: str
    exercises: tuple[Exercise, ...]
    solution: bytes
    stand_ins: bytes = b""

    @property
    def max_score(self) -> float:
        return _sum(exercise.max_score for exercise in self.exercises)


@dataclass(frozen=True)
class Digits:
    """The 1 797 handwritten digits: images (n, 8, 8) uint8 with values 0..16, labels (n,) int64.

    Or as many samples of another data set: (n, h, w) or (n, h, w, 3) with values 0..`peak`. `mean` and `deviation` are
    those of all values, divided by `peak`.
    """

    images: np.ndarray
    labels: np.ndarray
    peak: int = 16
    mean: float = 0.31
    deviation: float = 0.36
    name: str = "digits"


@dataclass(frozen=True)
class Course:
    """All assignments, where they came from, and the data of the training runs where it is not the digits.

    `left_out` holds the points that are not asked for, by exercise: those of training runs, where they are left out.
    """

    root: Path
    assignments: tuple[Assignment, ...]
    data: Digits | None = field(default=None, compare=False)
    left_out: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def digits(self) -> Digits:
        """The data set of the training runs. Raises `CourseError` where it cannot be read."""
        if self.data is not None:
            return self.data
        own = self.root / "reference" / "data" / "digits.npz"
        file = own if own.exists() else default_root() / "reference" / "data" / "digits.npz"
        try:
            # Opened here: numpy leaves a damaged archive open.
            with open(file, "rb") as archive, np.load(archive, allow_pickle=False) as data:
                return Digits(data["images"].astype(np.uint8), data["labels"].astype(np.int64))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise CourseError(
                _("{file}: the digits of the training runs cannot be read ({error})").format(file=file, error=error)
            ) from error

    def assignment(self, name: str) -> Assignment:
        """The assignment of that id. Raises `UsageError` naming those that exist."""
        for assignment in self.assignments:
            if assignment.id == name:
                return assignment
        there = joined(assignment.id for assignment in self.assignments)
        raise UsageError(_("no assignment {name!r}. There are: {names}").format(name=name, names=there))

    def exercise(self, name: str) -> Exercise:
        """The exercise of that id or bare name. Raises `UsageError` naming those that exist."""
        exercises = [exercise for assignment in self.assignments for exercise in assignment.exercises]
        for exercise in exercises:
            if name in (exercise.id, exercise.name):
                return exercise
        like = alike(name, (exercise.name for exercise in exercises))
        said = _("no exercise {name!r}. Like it: {names}") if like else _("no exercise {name!r}. There are: {names}")
        names = like or [exercise.id for exercise in exercises]
        raise UsageError(said.format(name=name, names=joined(names)))

    def without_training(self) -> Course:
        """The same course with no training runs, and without the points for them."""
        assignments = (
            replace(assignment, exercises=tuple(map(_untrained, assignment.exercises)))
            for assignment in self.assignments
        )
        trained = (e for a in self.assignments for e in a.exercises if "training" in e.points)
        left_out = dict(self.left_out) | {exercise.id: exercise.points["training"] for exercise in trained}
        return replace(self, assignments=tuple(assignments), left_out=left_out)


def _untrained(exercise: Exercise) -> Exercise:
    points = {check: worth for check, worth in exercise.points.items() if check != "training"}
    return replace(exercise, training=None, points=points)


def load(root: Path | None = None, bands_required: bool = True) -> Course:
    """Read the course below `root` (``reference/<name>/assignment.toml``). Raises `CourseError`.

    Bands of the training runs may be absent only where they are about to be measured.
    """
    if root is not None and not (root / "reference").is_dir():
        raise UsageError(
            _("--course {root} holds no course: expected {root}/reference/<name>/assignment.toml").format(root=root)
        )
    root = (root or default_root()).resolve()
    files = sorted((root / "reference").glob("*/assignment.toml"))
    if not files:
        raise CourseError(
            _("{root} holds no course: expected {root}/reference/<name>/assignment.toml").format(root=root)
        )
    coursewide.language(root)  # a course in no language that is known does not hold together
    return Course(root, tuple(_assignment(file, bands_required) for file in files))


def _assignment(file: Path, bands_required: bool) -> Assignment:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        items = tables.tables(data["exercise"], "exercise")
        if not items:
            raise ValueError(_("it holds no exercises: expected [[exercise]]"))
        bands = _bands(file.with_name("bands.json"))
        limits = _limits(data)
        unmeasured = [item["name"] for item in items if "training" in item and item["name"] not in bands]
        if unmeasured and bands_required:
            names = joined(unmeasured)
            raise ValueError(_("no band for {names}: run python scripts/measure_bands.py").format(names=names))
        return Assignment(
            id=file.parent.name,
            title=title(data),
            module=data["module"],
            exercises=tuple(_exercise(file.parent.name, item, bands, limits) for item in items),
            solution=file.with_name("solution.py").read_bytes(),
            stand_ins=_stand_ins(file.with_name("stand_ins.py")),
        )
    except KeyError as error:
        raise CourseError(_("{file}: the key {error} is missing").format(file=file, error=error)) from error
    except (OSError, ValueError, TypeError) as error:
        raise CourseError(f"{file}: {error}") from error


def _stand_ins(file: Path) -> bytes:
    source = file.read_bytes() if file.exists() else b""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise ValueError(_("{name} is no Python: {error}").format(name=file.name, error=error)) from error
    return source


def _bands(file: Path) -> dict[str, Band]:
    if not file.exists():
        return {}
    try:
        measured = tables.table(json.loads(file.read_text(encoding="utf-8")), "the whole")
        bands = tables.table(measured["bands"], "bands").items()
        return {name: _band(name, tables.table(band, f"bands.{name}")) for name, band in bands}
    except KeyError as error:
        raise ValueError(_("bands.json: the key {error} is missing").format(error=error)) from error
    except (ValueError, TypeError) as error:
        raise ValueError(_("bands.json: {error}").format(error=error)) from error


def _band(name: str, data: dict[str, Any]) -> Band:
    for key, value in data.items():
        tables.number(value, f"bands.{name}.{key}")
    return Band(**data)


def _exercise(assignment: str, data: dict[str, Any], bands: dict[str, Band], limits: Allowance) -> Exercise:
    name = data["name"]
    if not data["points"] or data["form"] not in FORMS or not (data.get("cases") or data.get("scene")):
        raise ValueError(
            _("exercise {name} needs points, cases or a scene, and a form among {forms}").format(name=name, forms=FORMS)
        )
    try:
        method = _method(tables.table(data["method"], "method")) if "method" in data else None
        training = tables.table(data["training"], "training") if "training" in data else None
        exercise = Exercise(
            assignment=assignment,
            name=name,
            title=title(data),
            form=data["form"],
            points=_points(tables.table(data["points"], "points")),
            cases=tuple(map(_case, tables.tables(data.get("cases", []), "cases"))),
            method=method,
            training=Training(**(training | {"args": tuple(training["args"])})) if training is not None else None,
            band=bands.get(name),
            scene=data.get("scene", ""),
            exact_shapes=data.get("exact_shapes", False),
            limits=_limits(data).over(limits),
        )
        _expect_what_is_judged(exercise)
    except (ValueError, TypeError) as error:
        raise ValueError(_("exercise {name}: {error}").format(name=name, error=error)) from error
    return exercise


def _limits(data: dict[str, Any]) -> Allowance:
    return allowance(tables.table(data.get("limits", {}), "limits"))


def _points(data: dict[str, Any]) -> dict[str, float]:
    unknown = [check for check in data if check not in CHECK_IDS]
    if unknown:
        raise ValueError(
            _("points.{key} is no check. There are: {names}").format(key=unknown[0], names=", ".join(CHECK_IDS))
        )
    return {check: tables.number(points, f"points.{check}") for check, points in data.items()}


def _method(data: dict[str, Any]) -> Method:
    if data["rule"] not in RULES:
        raise ValueError(
            _("method.rule {rule!r} is unknown. There are: {names}").format(rule=data["rule"], names=", ".join(RULES))
        )
    return Method(data["rule"], tuple(data.get("names", ())))


def _case(data: dict[str, Any]) -> Case:
    if not data["inputs"]:
        raise ValueError(_("cases.inputs is empty: expected the shape of at least one input"))
    return Case(
        args=tuple(data.get("args", ())),
        inputs=tuple(tuple(shape) for shape in data["inputs"]),
        tensors={name: tuple(shape) for name, shape in tables.table(data.get("tensors", {}), "cases.tensors").items()},
    )


def _expect_what_is_judged(exercise: Exercise) -> None:
    """Points that nobody could earn, and work that earns no points, are mistakes in the rubric."""
    for key, there in (("method", exercise.method), ("training", exercise.training)):
        if (key in exercise.points) != (there is not None):
            missing, present = ("points." + key, key) if there is not None else (key, "points." + key)
            raise ValueError(
                _("{missing} is missing, but {present} is there: give both or neither").format(
                    missing=missing, present=present
                )
            )
    if "behaviour" in exercise.points and not exercise.scene:
        raise ValueError(_("scene is missing, but points.behaviour is there: nothing else shows a behaviour"))


def _sum(points: Iterable[float]) -> float:
    # As in rubric.py: binary fractions must not show in a mark.
    return round(sum(points), 6)
