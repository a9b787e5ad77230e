"""Functions and loops, judged by what they did: each scene's observations against the reference's.

What is compared in which scene stands in `aspects`. Scenes with chance in them (shuffling, dropout) and the figure
have judges of their own, in `chance` and `figure`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.checks import aspects, chance, figure, words
from grader.checks.aspects import ASPECTS, Aspect
from grader.checks.compare import comparable, difference
from grader.checks.question import Question, ReferenceBroken
from grader.language import _, joined
from grader.model import Finding, Verdict
from grader.wire.records import Observed

OWN_JUDGES: dict[str, dict[str, Callable[[Question, Observed], Finding]]] = {
    "make-loaders": {"behaviour": chance.judge_loaders},
    "dropout": {"behaviour": chance.judge_dropout, "modes": chance.judge_dropout_modes},
    "plot-history": {"behaviour": figure.judge},
}


def covers(scene: str, check: str) -> bool:
    """Whether a check of an exercise with that scene is judged by what the scene showed."""
    return check in ASPECTS.get(scene, {}) or check in OWN_JUDGES.get(scene, {})


def judge(question: Question, check: str) -> Finding:
    """Passed when all aspects that the check has in this scene agree with the reference's."""
    scene = question.exercise.scene
    trouble, seen = question.student.trouble("scene"), question.student.get("scene", Observed)
    ended = trouble[1] if trouble else seen.problem if seen else None  # the whole of it, or a part
    if ended:
        doing = _("A call of `{name}`").format(name=question.exercise.name)
        return words.trouble(ended, doing, asked=_asked(question), limits=question.limits)
    if seen is None:
        return words.failed(_("The call was not reached, since an earlier one did not end."))
    if question.reference.get("scene", Observed) is None:
        raise ReferenceBroken("scene")
    own = OWN_JUDGES.get(scene, {}).get(check)
    return own(question, seen) if own else _judge_aspects(question, seen, ASPECTS[scene][check])


def _judge_aspects(question: Question, seen: Observed, compared: tuple[Aspect, ...]) -> Finding:
    waiting = False
    for aspect in compared:
        if not all(need in question.passed for need in aspect.needs):
            waiting = True
            continue
        found = _compare(question, seen, aspect)
        if found:
            return found
    if waiting:
        reason = _("Nothing wrong so far; the rest is compared once the checks above pass.")
        return Finding(Verdict.SKIPPED, reason)
    return words.passed(_("As in the reference."), asked=_asked(question))


def _compare(question: Question, seen: Observed, aspect: Aspect) -> Finding | None:
    reference = question.reference.get("scene", Observed)
    ours, theirs = question.reference.arrays("scene"), question.student.arrays("scene")
    asked = _asked(question)
    if aspect.name in ours:
        got = theirs.get(aspect.name)
        expected = ours[aspect.name]
        if got is not None and _agrees(aspect, got, expected):
            return None
        return words.failed(
            _how_many(aspect, expected, got),
            expected=_(aspect.expected) or words.values(expected),
            got=_seen(aspect, got),
            asked=asked,
            hint=_(aspect.hint),
        )
    expected_fact = reference.fact(aspect.name) if reference else ""
    if seen.fact(aspect.name) == expected_fact:
        return None
    got_fact = seen.fact(aspect.name) or _("nothing")
    expected_words = _(aspect.expected) or expected_fact
    shown = _("it is not so") if aspect.expected else got_fact
    return words.failed(_(aspect.says), expected=expected_words, got=shown, asked=asked, hint=_(aspect.hint))


def _agrees(aspect: Aspect, got: np.ndarray, expected: np.ndarray) -> bool:
    if aspect.name == "modes":  # how many passes there were is another question
        return bool(got.size) and set(got.ravel().tolist()) == set(expected.ravel().tolist())
    return comparable(got, expected) and difference(got, expected, aspect.relative) is None


def _how_many(aspect: Aspect, expected: np.ndarray, got: np.ndarray | None) -> str:
    if aspect.name == "updates" and got is not None and got.ndim and len(got) != len(expected):
        return _("{expected} updates were expected, {got} were made.").format(expected=len(expected), got=len(got))
    return _(aspect.says)


def _seen(aspect: Aspect, got: np.ndarray | None) -> str:
    if got is None:
        return _("nothing")
    if aspect.name == "modes":
        names = {1: words.mode("train"), 0: words.mode("eval"), -1: _("a mixture")}
        met = joined(dict.fromkeys(names.get(mode, "?") for mode in got.ravel().tolist()))
        return _("{modes} mode").format(modes=met) if got.size else _("no pass at all")
    if aspect.name == "updates" and np.isnan(got).any():
        return _("parameters without a gradient at the update")
    return words.values(got)


def _asked(question: Question) -> str:
    return aspects.call(question.exercise.scene)
