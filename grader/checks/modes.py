"""``modes``: .train() and .eval() reach every layer; BatchNorm's statistics move in the one, rest in the other."""

from __future__ import annotations

import numpy as np

from grader.checks import words
from grader.checks.compare import unmatched
from grader.checks.parameters import described
from grader.checks.question import Question, ReferenceBroken, tolerance
from grader.course import Case
from grader.evidence import Evidence
from grader.language import N_, _
from grader.model import Finding, Verdict
from grader.wire.records import Ran

# Buffers are kept apart by their role; what each is called.
_ROLES = {"mean": N_("running mean"), "variance": N_("running variance"), "count": N_("running count")}


def judge(question: Question) -> Finding:
    """Passed when flags follow, eval is repeatable and changes nothing, and train updates as the reference does."""
    for number, case in enumerate(question.exercise.cases):
        for finding in (_eval(question, case, number), _flags(question, case, number)):
            if finding:
                return finding
    if "forward" not in question.passed:
        return Finding(
            Verdict.SKIPPED,
            _("Nothing wrong so far; running statistics are compared once the outputs agree."),
        )
    for number, case in enumerate(question.exercise.cases):
        finding = _statistics(question, case, number)
        if finding:
            return finding
    return words.passed(_("Batch statistics while training, running statistics afterwards, as in the reference."))


def _flags(question: Question, case: Case, number: int) -> Finding | None:
    for mode in ("train", "eval"):
        ran = question.student.get(f"{mode}.{number}.0", Ran)
        if ran is not None and ran.stuck:
            return words.failed(
                _(".{mode}() does not reach {names}.").format(mode=mode, names=words.listed(ran.stuck)),
                expected=_("every layer in {mode} mode").format(mode=words.mode(mode)),
                got=_("{modules} in the other").format(modules=words.plural(len(ran.stuck), N_("module"))),
                asked=f"{words.call(question.exercise, case)}.{mode}()",
            )
    return None


def _eval(question: Question, case: Case, number: int) -> Finding | None:
    asked = words.forward_call(question.exercise, case, 0, "eval")
    ran = question.student.get(f"eval.{number}.0", Ran)
    if ran is None:
        return words.failed(_("The forward pass in eval mode did not come to an end."), asked=asked)
    if not ran.repeats:
        return words.failed(
            _("Two passes in eval mode give different outputs."),
            expected=_("the same output for the same input"),
            got=_("another output each time"),
            asked=asked,
            hint=_("Something is random, or is built anew, in each forward pass. Should it be, when predicting?"),
        )
    if ran.buffers_changed:
        return words.failed(
            _("A pass in eval mode changes {names}.").format(names=words.listed(ran.buffers_changed)),
            expected=_("buffers as they were"),
            got=_("{buffers} changed").format(buffers=words.plural(len(ran.buffers_changed), N_("buffer"))),
            asked=asked,
            hint=_("Measuring must not change what is measured: statistics are collected in train mode only."),
        )
    return None


def _statistics(question: Question, case: Case, number: int) -> Finding | None:
    """Running statistics after one pass in train mode, as multisets by role and shape."""
    probe = f"train.{number}.0"
    ran, ours = question.student.get(probe, Ran), question.reference.get(probe, Ran)
    if ran is None or ours is None:
        raise ReferenceBroken(probe)
    theirs_by, ours_by = buffers(question.student, number), buffers(question.reference, number)
    asked = words.forward_call(question.exercise, case, 0, "train")
    for key, expected in ours_by.items():
        got = theirs_by.get(key, expected[:0])
        # A BatchNorm written by hand need not count, whether there are others that do or not.
        if len(got) > len(expected) or (len(got) < len(expected) and key[0] != "count"):
            return words.failed(
                _not_kept(*key),
                expected=words.plural(len(expected), N_("buffer")),
                got=words.plural(len(got), N_("buffer")),
                asked=asked,
                hint=_("One sample must not depend on its neighbours: what is remembered from training?"),
            )
        if unmatched(got, expected, 10 * tolerance(ran, question.device), 1e-9):
            return _other_statistics(key[0], got, expected, asked)
    return None


def _not_kept(role: str, shape: tuple[int, ...]) -> str:
    if not shape:
        return _("The {statistic} is not kept as a buffer.").format(statistic=_(_ROLES[role]))
    size = ", ".join(map(str, shape))
    return _("The {statistic} over {size} values is not kept as a buffer.").format(statistic=_(_ROLES[role]), size=size)


def _other_statistics(role: str, got: np.ndarray, expected: np.ndarray, asked: str) -> Finding:
    if role == "count":
        counts = ", ".join(f"{value:g}" for value in got[:, 0])
        return words.failed(
            _("A BatchNorm was passed another number of times than once."),
            expected=_("every BatchNorm used once in a forward pass"),
            got=_("uses: {counts}").format(counts=counts),
            asked=asked,
            hint=_("Check which normalisation layer follows which layer: is one used twice, and another never?"),
        )
    return words.failed(
        _("After one pass in train mode the {statistic} differs.").format(statistic=_(_ROLES[role])),
        expected=_("norm {values}").format(values=words.values(expected[:, 0], 3)),
        got=_("norm {values}").format(values=words.values(got[:, 0], 3)),
        asked=asked,
        hint=_("How much weight does a new batch get in the running average? Which settings differ from the defaults?"),
    )


def buffers(evidence: Evidence, number: int) -> dict[tuple[str, tuple[int, ...]], np.ndarray]:
    """Digests of the buffers after a pass in train mode, by role and shape."""
    probe = f"train.{number}.0"
    table, ran = described(evidence, number), evidence.get(probe, Ran)
    if table is None or ran is None:
        return {}
    keys = {row.path: (row.role, row.shape) for row in table.tensors if not row.parameter}
    digests = evidence.arrays(probe)["buffers"]
    grouped: dict[tuple[str, tuple[int, ...]], list[np.ndarray]] = {}
    for path, digest in zip(ran.buffer_of, digests, strict=True):
        key = keys.get(path)
        if key and key[0] in _ROLES:
            grouped.setdefault(key, []).append(digest)
    return {key: np.stack(rows) for key, rows in grouped.items()}
