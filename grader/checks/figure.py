"""``plot_history``, judged on the Figure: two curves with the data, labels, something that tells them apart."""

from __future__ import annotations

import numpy as np

from grader.checks import words
from grader.checks.question import Question
from grader.language import N_, _, pgettext
from grader.model import Finding
from grader.wire.records import Observed

# What the scene hands over; see worker/figures.py.
LOSS = np.array([1.9, 0.8, 1.2, 0.55])
ACCURACY = np.array([0.31, 0.72, 0.58, 0.77])
CURVES = ((N_("loss"), LOSS), (N_("accuracy"), ACCURACY))
# Facts of the figure that must hold: what is said where one does not, and what is expected.
FACTS = (
    ("x labels", N_("The horizontal axis has no label."), N_("a label, such as “epoch”")),
    ("y labels", N_("A vertical axis has no label."), N_("a label for every axis")),
    (
        "labels fit",
        N_("A label stands at another axis than the one it speaks of."),
        N_("epochs across, values upwards"),
    ),
    ("explained", N_("Nothing says which curve is which."), N_("a legend, or a title for each panel")),
)


def judge(question: Question, seen: Observed) -> Finding:
    """Passed when both curves are there, against the epoch, labelled, and no window was opened."""
    lines = {name: array for name, array in question.student.arrays("scene").items() if name.startswith("line ")}
    for name, data in CURVES:
        index = _find(lines, data) or (_find(lines, 100 * data) if name == "accuracy" else None)
        if index is None:
            shown = _("; ").join(words.values(line) for line in lines.values()) or _("no line at all")
            missing = _("The {name} curve is not in the figure.").format(name=_(name))
            return words.failed(missing, expected=words.values(data), got=shown)
        across = question.student.arrays("scene").get(index.replace("line", "epochs"), np.zeros(0))
        if across.shape != data.shape or not np.isfinite(across).all() or not np.allclose(np.diff(across), 1):
            return words.failed(
                _("The {name} curve is not drawn against the epoch.").format(name=_(name)),
                expected="1, 2, 3, 4",
                got=words.values(across),
            )
    for fact, says, expected in FACTS:
        if seen.fact(fact) != "True":
            return words.failed(
                _(says),
                expected=_(expected),
                got=pgettext("label", "another") if fact == "labels fit" else _("none"),
                hint=_("How would a reader know which line is which?"),
            )
    if seen.fact("empty panels") != "0":
        return words.failed(
            _("The figure has panels with nothing in them."),
            expected=_("panels with a curve"),
            got=_("{count} without").format(count=seen.fact("empty panels")),
            hint=_("How many panels are made, and how often?"),
        )
    if seen.fact("shown") != "False":
        return words.failed(
            _("A window is opened."), expected=_("the Figure is returned, and not shown"), got=_("a call of show()")
        )
    return words.passed(_("Both curves, labelled, and no window."))


def _find(lines: dict[str, np.ndarray], data: np.ndarray) -> str | None:
    """The name of the line that shows `data`."""
    return next((name for name, line in lines.items() if line.shape == data.shape and np.allclose(line, data)), None)
