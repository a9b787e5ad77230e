"""From an exercise to the questions that a worker will be asked: pure data, decided before any code runs.

The same plan is put to the student's exercise and to the reference solution, so their evidence is comparable by
construction. Questions depend on a seed that students do not know; equal seeds give equal plans.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from grader.course import FIRST_STEPS, TRAIN_SAMPLES, Case, Digits, Exercise, Training
from grader.evidence import BEGIN, TRAIN, Outcome
from grader.sandbox.limits import DEFAULT, NOTHING_SET, Allowance, Limits

EXAMINATION_SECONDS = 0.5  # about; only the order of jobs depends on it
LONG_SECONDS = 1.0  # a training run from here on gets a worker of its own


@dataclass(frozen=True)
class Probe:
    """One question: an operation of the worker, its parameters and arrays, and the probes it needs answered."""

    id: str
    op: str
    params: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    limits: Limits = DEFAULT


Known = Callable[[Probe, Mapping[str, Outcome]], Outcome | None]


def unknown(_: Probe, __: Mapping[str, Outcome]) -> None:
    """Nothing is known before it is asked."""


@dataclass(frozen=True)
class Job:
    """All questions for one worker. `seconds` is about how long it takes; `imports`, what it needs that is slow.

    `known` tells of a question, and the outcomes of those before it, whether its outcome is known without asking.
    """

    exercise: Exercise
    probes: tuple[Probe, ...]
    seconds: float
    imports: tuple[str, ...]
    known: Known = field(default=unknown, compare=False)

    @cached_property
    def questions(self) -> bytes:
        """A hash of what is asked."""
        return questions(self.probes)


def questions(probes: Iterable[Probe]) -> bytes:
    """A hash of questions, with their arrays."""
    digest = hashlib.sha256()
    for probe in probes:
        digest.update(repr((probe.id, probe.op, sorted(probe.params.items()))).encode())
        for name, array in sorted(probe.arrays.items()):
            digest.update(repr((name, array.dtype.str, array.shape)).encode() + array.tobytes())
    return digest.digest()


@dataclass(frozen=True)
class Settings:
    """What a run of the grader fixes for all exercises.

    `limits` hold where the rubric sets none; `allowance` is what an option sets, whatever the rubric says.
    """

    seed: int
    device: str = "cpu"
    limits: Limits = DEFAULT
    allowance: Allowance = NOTHING_SET
    least: Limits | None = None

    @property
    def worker_seed(self) -> int:
        """What workers are told: it gives away neither our seed nor what else is drawn from it."""
        return int.from_bytes(_digest(self.seed, "worker")[:7], "big")

    def for_reference(self) -> Settings:
        """The same questions, with no less than the usual limits: a tight option must not starve the reference."""
        return replace(self, least=DEFAULT)

    def limits_of(self, exercise: Exercise) -> Limits:
        """What one question about an exercise may use up: an option comes before the rubric, the rubric before the
        usual."""
        limits = self.allowance.over(exercise.limits.over(self.limits))
        return limits if self.least is None else limits.at_least(self.least)


def jobs(exercise: Exercise, digits: Digits, settings: Settings, apart: bool = False) -> tuple[Job, ...]:
    """The workers that an exercise takes: one, and another for a training run that is long enough to be worth it.

    A long run can so begin while torch's compiler is still being imported, and be the first of all. With `apart`, each
    run has a worker of its own, for somebody who waits for the rest.
    """
    questions = tuple(examination(exercise, settings))
    if exercise.training is None:
        return (Job(exercise, questions, EXAMINATION_SECONDS, _imports(exercise)),)
    train = training_job(exercise, digits, settings)
    if train.seconds < LONG_SECONDS and not apart:
        return (Job(exercise, questions + train.probes, EXAMINATION_SECONDS + train.seconds, _imports(exercise)),)
    return train, Job(exercise, questions, EXAMINATION_SECONDS, _imports(exercise))


def _imports(exercise: Exercise) -> tuple[str, ...]:
    drawing = ("matplotlib.pyplot", "matplotlib.backends.backend_agg") if exercise.scene == "plot-history" else ()
    return ("torch._dynamo", *drawing)


def outline(probes: Iterable[Probe]) -> Iterator[Probe]:
    """Of these questions those about what is built, and the smallest pass: cheap, and they tell most mistakes apart."""
    probes = list(probes)
    passes = [probe for probe in probes if probe.op == "run" and not probe.params["backward"]]
    smallest = min(passes, key=lambda probe: probe.arrays["x"].size, default=None)
    built = ("find", "build")
    return (p for p in probes if p.op in built or (p.op == "tables" and not p.arrays) or p is smallest)


def training_job(exercise: Exercise, digits: Digits, settings: Settings) -> Job:
    """The training run alone. Raises ValueError for an exercise that has none."""
    if exercise.training is None:
        raise ValueError(f"{exercise.id} has no training run")
    begin = _beginning(exercise, exercise.training, digits, settings)
    train = Probe(TRAIN, "train", {}, {}, (begin.id,), begin.limits)
    return Job(exercise, (begin, train), exercise.training.seconds, ())


def stream(settings: Settings, *names: object) -> np.random.Generator:
    """A random stream of its own for each purpose, the same on every machine."""
    return np.random.Generator(np.random.Philox(int.from_bytes(_digest(settings.seed, *names)[:16], "big")))


def _digest(seed: int, *names: object) -> bytes:
    return hashlib.sha256(repr((seed, *names)).encode()).digest()


def examination(exercise: Exercise, settings: Settings) -> Iterator[Probe]:
    """All questions of an exercise but its training run.

    Everything that needs no forward pass comes first: a pass that never ends must not take it away. What needs a
    backward pass comes last: it is the dearest, and who watches has the other verdicts meanwhile."""
    limits = settings.limits_of(exercise)
    yield Probe("find", "find", {"name": exercise.name}, limits=limits)
    if exercise.scene:
        played = {"name": exercise.name, "scene": exercise.scene, "seed": settings.worker_seed}
        yield Probe("scene", "observe", played, limits=limits)
    for number, case in enumerate(exercise.cases):
        build, key = f"build.{number}", {"subject": str(number)}
        yield Probe(build, "build", _make(exercise, case, settings) | key, limits=limits)
        yield Probe(f"tables.{number}", "tables", key, {}, (build,), limits)
    passes = [
        probe for number, case in enumerate(exercise.cases) for probe in _passes(exercise, number, case, settings)
    ]
    yield from (probe for probe in passes if not _differentiates(probe))
    if exercise.cases:
        dry = _make(exercise, exercise.cases[0], settings)
        x = _input(exercise, 0, 0, settings)
        yield Probe("dry", "dry", dry, {"x": x}, ("build.0",), limits)
    yield from filter(_differentiates, passes)
    yield Probe("adapted", "adapted", {}, limits=limits)


def _differentiates(probe: Probe) -> bool:
    return bool(probe.params.get("backward"))


def _passes(exercise: Exercise, number: int, case: Case, settings: Settings) -> Iterator[Probe]:
    """Forward passes of one case: one to see the order of use, one to differentiate, one for every input."""
    limits = settings.limits_of(exercise)
    build, key = f"build.{number}", {"subject": str(number)}
    first = _input(exercise, number, 0, settings)
    yield Probe(f"trace.{number}", "tables", key, {"x": first}, (build,), limits)
    for mode, index in (("train", 0), *(("eval", index) for index in range(len(case.inputs)))):
        params = key | {
            "mode": mode,
            "backward": mode == "train",
            "repeat": mode == "eval" and index == 0,
            "device": settings.device,
            "seed": settings.worker_seed,
        }
        x = _input(exercise, number, index, settings)
        yield Probe(f"{mode}.{number}.{index}", "run", params, {"x": x}, (build,), limits)


def _make(exercise: Exercise, case: Case, settings: Settings) -> dict[str, Any]:
    tensors = {name: list(shape) for name, shape in case.tensors.items()}
    return {"name": exercise.name, "args": list(case.args), "tensors": tensors, "seed": settings.worker_seed}


def _input(exercise: Exercise, case: int, index: int, settings: Settings) -> np.ndarray:
    """Signed normal float32 values. Signed, since what only shows below zero must show."""
    shape, loudness = exercise.cases[case].inputs[index], exercise.cases[case].loudness(index)
    values = stream(settings, "input", exercise.id, case, index).standard_normal(shape)
    return (loudness * values).astype(np.float32)


def _beginning(exercise: Exercise, training: Training, digits: Digits, settings: Settings) -> Probe:
    order, classes = training_order(exercise, training, settings)
    params = _make(exercise, Case(training.args, (), {}), settings) | {
        "device": settings.device,
        "first": FIRST_STEPS,
        "batch": training.batch,
        "rate": training.rate,
        "side": training.side,
        "channels": training.channels,
        "output": training.output,
        "peak": digits.peak,
        "mean": digits.mean,
        "deviation": digits.deviation,
    }
    arrays = {
        "images": digits.images[order],
        "labels": classes[digits.labels[order]],
        "test": digits.images[TRAIN_SAMPLES : TRAIN_SAMPLES + training.test],
    }
    return Probe(BEGIN, "begin", params, arrays, (), settings.limits_of(exercise).longer(3))


def training_order(exercise: Exercise, training: Training, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the training samples in order of use, and the class that each digit is called in this run.

    Classes are permuted, so that a network that knows digits already knows nothing here.
    """
    random = stream(settings, "training", exercise.id)
    needed = training.steps * training.batch
    rounds = [random.permutation(TRAIN_SAMPLES) for _ in range(-(-needed // TRAIN_SAMPLES))]
    return np.concatenate(rounds)[:needed], random.permutation(10)


def test_labels(exercise: Exercise, training: Training, digits: Digits, settings: Settings) -> np.ndarray:
    """The right classes of the test images. They stay with the grader."""
    _, classes = training_order(exercise, training, settings)
    return np.asarray(classes[digits.labels[TRAIN_SAMPLES : TRAIN_SAMPLES + training.test]])
