"""The course on disk: assignments with their exercises, rubric and cases, read from ``reference/*/assignment.toml``.

Everything is checked while it is read: a course that does not hold together refuses to load, and says where.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from grader.errors import CourseError, UsageError

# In an installed package the course lies beside the code; in a checkout, at its root.
_PACKAGED = Path(__file__).parent / "_course"
_CHECKOUT = Path(__file__).parents[1]
TRAIN_SAMPLES = 1400  # of the 1 797 digits; the rest is the test split
FORMS = ("class", "function")

Argument = int | float | str | list[int]


@dataclass(frozen=True)
class Case:
    """Constructor arguments, and the shapes of inputs to try them on. The first input is also differentiated.

    For a function of tensors, `tensors` holds the shapes of those that follow the input, by name.
    """

    args: tuple[Argument, ...]
    inputs: tuple[tuple[int, ...], ...]
    tensors: dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Training:
    """A short run: `steps` batches of `batch` digits, `side`×`side` with `channels`, gradient descent at `rate`.

    `output` says whether the model returns "logits" or "probabilities"; `test` images are scored at the end;
    `seconds` is about how long it takes (longest first keeps all cores busy).
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
    stored just as the handout says, where otherwise a matrix may be kept the other way round.
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

    @property
    def id(self) -> str:
        return f"{self.assignment}.{self.name}"

    @property
    def max_score(self) -> float:
        return sum(self.points.values())


@dataclass(frozen=True)
class Assignment:
    """What is set: a module to hand in, with its exercises, and the reference solution's source."""

    id: str
    title: str
    module: str
    exercises: tuple[Exercise, ...]
    solution: bytes

    @property
    def max_score(self) -> float:
        return sum(exercise.max_score for exercise in self.exercises)


@dataclass(frozen=True)
class Digits:
    """The 1 797 handwritten digits: images (n, 8, 8) uint8 with values 0..16, labels (n,) int64."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Course:
    """All assignments, and where they came from."""

    root: Path
    assignments: tuple[Assignment, ...]

    @cached_property
    def digits(self) -> Digits:
        """The data set of the training runs."""
        own = self.root / "reference" / "data" / "digits.npz"
        file = own if own.exists() else default_root() / "reference" / "data" / "digits.npz"
        with np.load(file, allow_pickle=False) as data:
            return Digits(data["images"].astype(np.uint8), data["labels"].astype(np.int64))

    def assignment(self, name: str) -> Assignment:
        """The assignment of that id. Raises `UsageError` naming those that exist."""
        for assignment in self.assignments:
            if assignment.id == name:
                return assignment
        raise UsageError(f"no assignment {name!r}. There are: {', '.join(a.id for a in self.assignments)}")

    def exercise(self, name: str) -> Exercise:
        """The exercise of that id or bare name. Raises `UsageError` naming those that exist."""
        exercises = [exercise for assignment in self.assignments for exercise in assignment.exercises]
        for exercise in exercises:
            if name in (exercise.id, exercise.name):
                return exercise
        raise UsageError(f"no exercise {name!r}. There are: {', '.join(e.id for e in exercises)}")


def default_root() -> Path:
    """The folder of the course that comes with the program."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def load(root: Path | None = None, bands_required: bool = True) -> Course:
    """Read the course below `root` (``reference/<name>/assignment.toml``). Raises `CourseError`.

    Bands of the training runs may be absent only where they are about to be measured.
    """
    if root is not None and not (root / "reference").is_dir():
        raise UsageError(f"--course {root} holds no course: expected {root}/reference/<name>/assignment.toml")
    root = (root or default_root()).resolve()
    files = sorted((root / "reference").glob("*/assignment.toml"))
    if not files:
        raise CourseError(f"{root} holds no course: expected {root}/reference/<name>/assignment.toml")
    return Course(root, tuple(_assignment(file, bands_required) for file in files))


def _assignment(file: Path, bands_required: bool) -> Assignment:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        bands = _bands(file.with_name("bands.json"))
        unmeasured = [item["name"] for item in data["exercise"] if "training" in item and item["name"] not in bands]
        if unmeasured and bands_required:
            raise ValueError(f"no band for {', '.join(unmeasured)}: run python scripts/measure_bands.py")
        return Assignment(
            id=file.parent.name,
            title=data["title"],
            module=data["module"],
            exercises=tuple(_exercise(file.parent.name, item, bands) for item in data["exercise"]),
            solution=file.with_name("solution.py").read_bytes(),
        )
    except KeyError as error:
        raise CourseError(f"{file}: the key {error} is missing") from error
    except (OSError, ValueError, TypeError) as error:
        raise CourseError(f"{file}: {error}") from error


def _bands(file: Path) -> dict[str, Band]:
    if not file.exists():
        return {}
    measured = json.loads(file.read_text(encoding="utf-8"))
    return {name: Band(**band) for name, band in measured["bands"].items()}


def _exercise(assignment: str, data: dict[str, Any], bands: dict[str, Band]) -> Exercise:
    name = data["name"]
    if not data["points"] or data["form"] not in FORMS or not (data.get("cases") or data.get("scene")):
        raise ValueError(f"exercise {name} needs points, cases or a scene, and a form among {FORMS}")
    method = data.get("method")
    training = data.get("training")
    return Exercise(
        assignment=assignment,
        name=name,
        title=data["title"],
        form=data["form"],
        points={check: float(points) for check, points in data["points"].items()},
        cases=tuple(map(_case, data.get("cases", ()))),
        method=Method(method["rule"], tuple(method.get("names", ()))) if method else None,
        training=Training(**(training | {"args": tuple(training["args"])})) if training else None,
        band=bands.get(name),
        scene=data.get("scene", ""),
        exact_shapes=data.get("exact_shapes", False),
    )


def _case(data: dict[str, Any]) -> Case:
    return Case(
        args=tuple(data.get("args", ())),
        inputs=tuple(tuple(shape) for shape in data["inputs"]),
        tensors={name: tuple(shape) for name, shape in data.get("tensors", {}).items()},
    )
