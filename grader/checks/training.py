"""``training``: a short run on the digits follows the reference at first, and ends within its band of accuracies.

The first losses agree tightly, since both start from the same weights and see the same batches. Later ones need not:
rounding differences grow until runs part. The band is measured from many runs of the reference, and gives way where the
run with this very seed is a poor one; see docs/training.md.
"""

from __future__ import annotations

import numpy as np

from grader.checks import words
from grader.checks.question import Question, ReferenceBroken
from grader.course import FIRST_STEPS, Band
from grader.evidence import BEGIN, TRAIN
from grader.language import _
from grader.model import Finding, Verdict
from grader.wire.records import Trained

# Relative. Before the first update correct spellings agree to 1e-6; after it, one ReLU that flips for rounding can move
# ResNet18's loss by 2e-3, and after the next by 4e-2 (docs/training.md). A model that is never updated is off by 8 %
# or more.
FIRST_TOLERANCE = 5e-2
# In deviations of the band. With the same weights and order a correct submission ends within 0.5 of the reference, and
# within 3 where the network is deep (benchmarks/fairness.py).
APART = 6


def judge(question: Question) -> Finding:
    """Passed when losses are finite, begin as the reference's, and the accuracy reaches the band or comes near the
    reference's own.

    Where the reference misses the band as well, nobody fails for it: that is an error of ours.
    """
    training, band = question.exercise.training, question.exercise.band
    ours, reached = question.reference.arrays(TRAIN), accuracy(question, "student")
    if training is None or band is None or "losses" not in ours:
        raise ReferenceBroken(TRAIN)
    images = _called(training.samples)
    asked = _("{steps} steps with batches of {batch} {images}").format(
        steps=training.steps, batch=training.batch, images=images
    )
    trouble = question.student.trouble(BEGIN) or question.student.trouble(TRAIN)
    trouble = trouble or question.student.trouble("load")
    if trouble:
        return words.trouble(trouble[1], _("The training run"), asked, limits=question.limits)
    losses = question.student.arrays(TRAIN).get("losses")
    if losses is None or reached is None or len(losses) != len(ours["losses"]):
        return words.failed(_("The training run gave no predictions that can be scored."), asked=asked)
    if not np.isfinite(losses).all():
        return words.failed(
            _("The loss stops being a number."), expected=_("finite losses"), got=words.values(losses), asked=asked
        )
    if "gradients" in question.passed and not _follows(losses, ours["losses"]):
        return words.failed(
            _("After the first update the loss is another than the reference's, though values and gradients agree."),
            expected=words.values(ours["losses"][:FIRST_STEPS]),
            got=words.values(losses[:FIRST_STEPS]),
            asked=asked,
            hint=_("Does the model remember something from one batch to the next, or refuse to be updated?"),
        )
    lowest = _lowest(question, band)
    expected = _("an accuracy of at least {lowest} on {count} {images} it has not seen").format(
        lowest=f"{lowest:.1%}", count=training.test, images=images
    )
    if not reached >= lowest:
        if (accuracy(question, "reference") or 0.0) < band.lowest:  # a seed or a machine that the band is not for
            return Finding(
                Verdict.ERROR, _("The reference itself misses its band here. This is not the student's doing.")
            )
        few = _("After the run, too few {images} are recognised.").format(images=images)
        return words.failed(few, expected=expected, got=f"{reached:.1%}", asked=asked)
    ran = question.student.get(TRAIN, Trained)
    right = (
        _(
            "{reached} of unseen {images} are right after {steps} steps. It began bit for bit as the reference's run, "
            "whose end was taken."
        )
        if ran and ran.taken_over
        else _("{reached} of unseen {images} are right after {steps} steps.")
    )
    return words.passed(
        right.format(reached=f"{reached:.1%}", images=images, steps=training.steps),
        expected=expected,
        got=f"{reached:.1%}",
    )


def accuracy(question: Question, whose: str) -> float | None:
    """Share of test images whose highest score is at the right class; None when the scores are not usable."""
    evidence = question.student if whose == "student" else question.reference
    if not isinstance(evidence.get(TRAIN, Trained), Trained) or question.labels is None:
        return None
    scores = evidence.arrays(TRAIN)["scores"]
    if scores.ndim != 2 or scores.shape != (len(question.labels), 10) or not np.isfinite(scores).all():
        return None
    return float((scores.argmax(1) == question.labels).mean())


def _called(samples: str) -> str:
    """What the images are called, in the language of this run: digits, or those of another data set."""
    _start, of, data = samples.partition("images of ")
    return _("images of {data}").format(data=data) if of else _("digits")


def _lowest(question: Question, band: Band) -> float:
    """The end of the band; lower where the reference itself comes close to it with this seed."""
    reference = accuracy(question, "reference") or 0.0
    return min(band.lowest, reference - APART * band.deviation) if reference >= band.lowest else band.lowest


def _follows(losses: np.ndarray, reference: np.ndarray) -> bool:
    return bool(np.allclose(losses[:FIRST_STEPS], reference[:FIRST_STEPS], rtol=FIRST_TOLERANCE, atol=1e-6))
