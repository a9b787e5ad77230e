"""What correct submissions reach after a training run: many runs of the reference, each with another seed.

Every seed draws other initial weights, another order of samples and another naming of the classes, so the spread
holds all that a correct submission may differ by, and more. The bands of the digits come with the course
(scripts/measure_bands.py); those of other data sets are measured at their first use.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from grader import asking, plan, store
from grader.course import TEST_SAMPLES, Assignment, Band, Course, Digits, Exercise
from grader.errors import InternalError
from grader.evidence import TRAIN
from grader.grading import Selection
from grader.language import _
from grader.plan import Settings
from grader.sandbox.host import Sandbox
from grader.submission import Module

RUNS = 20  # for other data sets; the course's own bands rest on 40
# By the number of runs. A new run falls this many deviations below their mean with probability under 1e-6: Student's t
# with 19 and 39 degrees of freedom leaves 1e-6 beyond 6.73 and 5.58; times sqrt(1 + 1/runs) for a new run beside the
# measured ones, 6.89 and 5.65. tests/test_fairness.py asks for it.
DEVIATIONS = {RUNS: 7.2, 40: 6.0}
# Where all runs reach the same, the next may still miss an image.
SMALLEST_DEVIATION = 1 / TEST_SAMPLES


def fitted(
    course: Course, data: Digits, sandbox: Sandbox, folder: Path, selection: Selection, say: Callable[[str], None]
) -> Course:
    """The course with `data` in place of the digits, and the bands of the selected exercises measured on it.

    What was measured is kept in `folder`; `say` is told once when it has to be measured.
    """
    wanted = {e.id: a for a, exercises in selection.of(course) for e in exercises if e.training}
    told = False

    def fit(exercise: Exercise) -> Exercise:
        nonlocal told
        assignment = wanted.get(exercise.id)
        if assignment is None or exercise.training is None:
            return exercise
        file = folder / f"{_key(sandbox, assignment, exercise, data)}.band.json"
        reached = _read(file)
        if reached is None:
            if not told:
                say(
                    _("measuring what correct submissions reach on {name}: once on this machine").format(name=data.name)
                )
                told = True
            reached = measure(sandbox, assignment, exercise, data, RUNS)
            _keep(reached, file)
        training = replace(exercise.training, samples=_("images of {name}").format(name=data.name))
        return replace(exercise, training=training, band=band(reached, DEVIATIONS[RUNS]))

    assignments = tuple(replace(a, exercises=tuple(map(fit, a.exercises))) for a in course.assignments)
    return replace(course, assignments=assignments, data=data)


def measure(sandbox: Sandbox, assignment: Assignment, exercise: Exercise, data: Digits, runs: int) -> list[float]:
    """Test accuracies of so many training runs of the reference. Raises `InternalError` when one does not finish."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(lambda seed: _accuracy(sandbox, assignment, exercise, data, seed), _seeds(runs)))


def band(reached: list[float], deviations: float) -> Band:
    """Mean, standard deviation and lower end of the band, rounded outwards.

    The end lies so many deviations below the mean, counted in accuracies or in log-odds, whichever is lower: accuracies
    end at 1, and their tail to the left is longer than a normal distribution's.
    """
    accuracies = np.array(reached)
    mean, deviation = float(accuracies.mean()), max(float(accuracies.std(ddof=1)), SMALLEST_DEVIATION)
    odds = _log_odds(accuracies)
    in_odds = _accuracy_at(float(odds.mean()) - deviations * float(odds.std(ddof=1)))
    lowest = max(0.0, math.floor(min(mean - deviations * deviation, in_odds) * 1000) / 1000)
    return Band(lowest, round(mean, 4), round(deviation, 4), len(reached))


def _log_odds(accuracies: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), half an image away from 0 and 1, where it would be infinite."""
    inside = accuracies.clip(SMALLEST_DEVIATION / 2, 1 - SMALLEST_DEVIATION / 2)
    return np.asarray(np.log(inside / (1 - inside)))


def _accuracy_at(log_odds: float) -> float:
    """The accuracy that has these log-odds. (By tanh, since exp overflows.)"""
    return (1 + math.tanh(log_odds / 2)) / 2


def _seeds(runs: int) -> range:
    return range(1, runs + 1)


def _accuracy(sandbox: Sandbox, assignment: Assignment, exercise: Exercise, data: Digits, seed: int) -> float:
    assert exercise.training is not None
    settings = Settings(seed).for_reference()
    files = {f"{assignment.module}.py": assignment.solution}
    module = Module(assignment.module, f"{assignment.module}.py")
    evidence = asking.run_job(sandbox, plan.training_job(exercise, data, settings), files, module)
    scores = evidence.arrays(TRAIN).get("scores")
    if scores is None:
        raise InternalError(
            _("{exercise}: the reference did not finish a training run on {name}").format(
                exercise=exercise.id, name=data.name
            )
        )
    labels = plan.test_labels(exercise, exercise.training, data, settings)
    return float((scores.argmax(1) == labels).mean())


def _key(sandbox: Sandbox, assignment: Assignment, exercise: Exercise, data: Digits) -> str:
    """All that the accuracies depend on: what the runs are asked, the labels that only we know, torch, our code."""
    jobs = [plan.training_job(exercise, data, Settings(seed)) for seed in _seeds(RUNS)]
    asked = store.key(
        assignment.solution, plan.questions(probe for job in jobs for probe in job.probes), "cpu", sandbox.facts
    )
    return hashlib.sha256(asked.encode() + data.labels.tobytes()).hexdigest()[:40]


def _read(file: Path) -> list[float] | None:
    """The accuracies kept there; None when there are none, or the file is damaged."""
    try:
        reached = json.loads(file.read_text(encoding="utf-8"))["reached"]
        valid = len(reached) == RUNS and all(isinstance(value, float) and 0 <= value <= 1 for value in reached)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return reached if valid else None


def _keep(reached: list[float], file: Path) -> None:
    with contextlib.suppress(OSError):  # where it cannot be written, it is measured again
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=file.parent, prefix=".new-")
        with open(descriptor, "w", encoding="utf-8") as handle:
            json.dump({"reached": reached}, handle)
        os.replace(fresh, file)
