"""What a check is given: the exercise, and the evidence of both subjects. No torch, no worker, no files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.course import Exercise
from grader.evidence import Evidence
from grader.sandbox.limits import DEFAULT, Limits
from grader.wire.records import Ran


class ReferenceBroken(Exception):
    """The reference did not answer what a check needs. Ours to mend, never the student's."""


@dataclass(frozen=True)
class Question:
    """Everything that a verdict may depend on. `passed` are the checks of this exercise that passed already;
    `labels` are the right classes of the test images, where there is a training run; `limits` held for the student."""

    exercise: Exercise
    student: Evidence
    reference: Evidence
    passed: frozenset[str]
    device: str
    labels: np.ndarray | None = None
    limits: Limits = DEFAULT


def tolerance(ran: Ran, device: str) -> float:
    """Relative tolerance of values and gradients.

    In float64 different spellings of the same network differ by about 1e-13 on CPU, and the smallest mistake in the
    bank (another eps in BatchNorm) by 1e-4; on CUDA cuDNN picks other algorithms, hence more room there. A model
    that computes in float32 whatever it is given loses the `device` check for it, and is compared as such here.
    """
    double, single = tolerances(device)
    return double if ran.dtype == ran.output.dtype == "float64" else single


def tolerances(device: str) -> tuple[float, float]:
    """The relative tolerances on a device, in float64 and in float32."""
    return (1e-5, 1e-2) if device == "cuda" else (1e-7, 2e-3)
