"""Scenes with chance in them: shuffling and dropout, judged so that a correct one fails less than once in a million.

The arithmetic is in `binomial_bounds`, and in tests/test_scenes.py.
"""

from __future__ import annotations

import math

import numpy as np

from grader.checks import words
from grader.checks.question import Question
from grader.language import _, joined, pgettext
from grader.model import Finding
from grader.wire.records import Observed

MISS = 1e-8  # probability that one count of a correct dropout leaves its bounds; three shares, four passes: 1.2e-7
SHARES = (0.2, 0.5, 0.8)


def binomial_bounds(n: int, p: float, miss: float = MISS) -> tuple[int, int]:
    """The counts k that a Binomial(n, p) variable leaves with a probability of at most `miss`.

    Hoeffding (1963): P(|X - np| ≥ t) ≤ 2·exp(-2t²/n), whatever p.
    """
    t = math.sqrt(n * math.log(2 / miss) / 2)
    return max(0, math.ceil(n * p - t)), min(n, math.floor(n * p + t))


def judge_loaders(question: Question, seen: Observed) -> Finding:
    """Every sample once in every epoch; train in another order each time, test in order.

    23 samples come in order, or twice in the same one, with probability 1/23! ≈ 4e-23.
    """
    arrays = question.student.arrays("scene")
    for name, size, loader in (("train", 23, pgettext("loader", "train")), ("test", 11, pgettext("loader", "test"))):
        if seen.fact(f"{name} type") != "DataLoader":
            return words.failed(
                _("The {loader} loader is not a DataLoader.").format(loader=loader),
                expected="DataLoader",
                got=seen.fact(f"{name} type"),
            )
        for epoch in (1, 2):
            order = arrays.get(f"{name} order {epoch}", np.zeros(0))
            if order.ndim != 1 or sorted(order.tolist()) != list(range(size)):
                return words.failed(
                    _("The {loader} loader does not give every sample exactly once.").format(loader=loader),
                    expected=_("all {count} samples").format(count=size),
                    got=_("{count} samples, {different} of them different").format(
                        count=order.size, different=np.unique(order).size
                    ),
                    hint=_("Is a last, smaller batch dropped? Are the two data sets told apart?"),
                )
            sizes = arrays.get(f"{name} batches {epoch}", np.zeros(0))
            if sizes.tolist() != [4.0] * (size // 4) + [float(size % 4)]:
                return words.failed(
                    _("The {loader} loader's batches have other sizes.").format(loader=loader),
                    expected=_("batches of 4, the last smaller"),
                    got=words.values(sizes, 8),
                )
        if seen.fact(f"{name} pairs") != "True":
            return words.failed(
                _("In the {loader} loader, inputs and targets no longer belong together.").format(loader=loader),
                expected=_("each input with its own target"),
                got=_("mixed pairs"),
            )
    train = [arrays["train order 1"], arrays["train order 2"]]
    in_order = np.arange(23)
    if np.array_equal(train[0], in_order) or np.array_equal(train[0], train[1]):
        return words.failed(
            _("The training samples come in the same order in every epoch."),
            expected=_("a new order in each epoch"),
            got=_("the same order"),
            hint=_("What does the optimizer see if all samples of a class come in a row?"),
        )
    if not all(np.array_equal(arrays[f"test order {epoch}"], np.arange(11)) for epoch in (1, 2)):
        return words.failed(
            _("The test samples do not come in order."),
            expected=_("the data set's order"),
            got=words.values(arrays["test order 1"], 11),
        )
    return words.passed(_("Train reshuffled every epoch, test in order, no sample dropped."))


def judge_dropout(question: Question, seen: Observed) -> Finding:
    """In train mode: a share p of zeros, survivors scaled by 1/(1-p), a fresh mask every call, gradients alike."""
    arrays = question.student.arrays("scene")
    x = question.reference.arrays("scene")["x"]
    for share in SHARES:
        passes = arrays.get(f"train {share}", np.zeros(0))
        if passes.shape != (4, *x.shape):
            return words.failed(
                _("The output has another shape than the input."),
                expected=words.shape(x.shape),
                got=words.shape(passes.shape[1:]),
            )
        wrong = _one_share(share, passes, x) or _gradient(
            share, passes[0], x, arrays.get(f"gradient {share}", np.zeros(0))
        )
        if wrong:
            return wrong
    return words.passed(_("The right share of zeros, survivors scaled, a fresh mask every call."))


def _one_share(share: float, passes: np.ndarray, x: np.ndarray) -> Finding | None:
    size = _("{count} values").format(count=x.size)
    asked = f"FunctionalDropout({share}).train()(x)  # {size}"
    dropped = passes == 0
    low, high = binomial_bounds(x.size, share)
    for mask in dropped:
        if not low <= int(mask.sum()) <= high:
            return words.failed(
                _("{share} of the values are dropped.").format(share=f"{mask.mean():.1%}"),
                expected=_("{share}: between {lowest} and {highest} of {count} values").format(
                    share=f"{share:.0%}",
                    lowest=f"{low / x.size:.1%}",
                    highest=f"{high / x.size:.1%}",
                    count=x.size,
                ),
                got=f"{mask.mean():.1%}",
                asked=asked,
                hint=_("In this library, does p name the share that is kept or the share that is removed?"),
            )
    scaled = np.where(dropped, 0, x / (1 - share))
    if not np.allclose(passes, scaled, rtol=1e-4, atol=1e-6):
        return words.failed(
            _("The values that survive are not scaled by 1/(1-p)."),
            expected=words.values(scaled[0]),
            got=words.values(passes[0]),
            asked=asked,
            hint=_("The expected size of an activation should be the same with and without dropout."),
        )
    if any(np.array_equal(dropped[0], other) for other in dropped[1:]):
        return words.failed(
            _("The same values are dropped in every call."),
            expected=_("a fresh mask every call"),
            got=_("the same mask"),
            asked=asked,
            hint=_("A new set of units should be dropped for every forward pass."),
        )
    return None


def _gradient(share: float, output: np.ndarray, x: np.ndarray, gradient: np.ndarray) -> Finding | None:
    expected = np.where(output == 0, 0, 1 / (1 - share))
    if gradient.shape == x.shape and np.allclose(gradient, expected, rtol=1e-4):
        return None
    return words.failed(
        _("The gradient does not pass through the survivors alone."),
        expected=words.values(expected),
        got=words.values(gradient),
    )


def judge_dropout_modes(question: Question, seen: Observed) -> Finding:
    """After .eval() the identity; after .train() not."""
    arrays = question.student.arrays("scene")
    x = question.reference.arrays("scene")["x"]
    for share in SHARES:
        still, moving = arrays.get(f"eval {share}", np.zeros(0)), arrays.get(f"train {share}", np.zeros(0))
        if still.shape != x.shape or not np.allclose(still, x, rtol=1e-6):
            zeros = _("{share} zeros").format(share=f"{(still == 0).mean():.0%}") if still.size else _("nothing")
            return words.failed(
                _("In eval mode the input does not come out as it went in."),
                expected=_("the identity"),
                got=joined((words.values(still), zeros)),
                asked=f"FunctionalDropout({share}).eval()(x)",
                hint=_("A plain function cannot see which mode the model is in unless it is handed that fact."),
            )
        if not (moving == 0).any():
            return words.failed(
                _("In train mode nothing is dropped."),
                expected=_("about {share} zeros").format(share=f"{share:.0%}"),
                got=_("none"),
                asked=f"FunctionalDropout({share}).train()(x)",
                hint=_("Dropout is meant to disturb learning, not prediction: check which mode drops units."),
            )
    return words.passed(_("Active after .train(), the identity after .eval()."))
