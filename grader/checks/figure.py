"""``plot_history``, judged on the Figure: two curves with the data, labels, something that tells them apart."""

from __future__ import annotations

import numpy as np

from grader.checks import words
from grader.checks.question import Question
from grader.model import Finding
from grader.wire.records import Observed

# What the scene hands over; see worker/figures.py.
LOSS = np.array([1.9, 0.8, 1.2, 0.55])
ACCURACY = np.array([0.31, 0.72, 0.58, 0.77])


def judge(question: Question, seen: Observed) -> Finding:
    """Passed when both curves are there, against the epoch, labelled, and no window was opened."""
    lines = {name: array for name, array in question.student.arrays("scene").items() if name.startswith("line ")}
    for name, data in (("loss", LOSS), ("accuracy", ACCURACY)):
        index = _find(lines, data) or (_find(lines, 100 * data) if name == "accuracy" else None)
        if index is None:
            shown = "; ".join(words.values(line) for line in lines.values()) or "no line at all"
            return words.failed(f"The {name} curve is not in the figure.", expected=words.values(data), got=shown)
        across = question.student.arrays("scene").get(index.replace("line", "epochs"), np.zeros(0))
        if across.shape != data.shape or not np.isfinite(across).all() or not np.allclose(np.diff(across), 1):
            return words.failed(
                f"The {name} curve is not drawn against the epoch.", expected="1, 2, 3, 4", got=words.values(across)
            )
    for fact, says, expected in (
        ("x labels", "The horizontal axis has no label.", "a label, such as “epoch”"),
        ("y labels", "A vertical axis has no label.", "a label for every axis"),
        ("labels fit", "A label stands at another axis than the one it speaks of.", "epochs across, values upwards"),
        ("explained", "Nothing says which curve is which.", "a legend, or a title for each panel"),
    ):
        if seen.fact(fact) != "True":
            return words.failed(
                says,
                expected=expected,
                got="another" if fact == "labels fit" else "none",
                hint="How would a reader know which line is which?",
            )
    if seen.fact("empty panels") != "0":
        return words.failed(
            "The figure has panels with nothing in them.",
            expected="panels with a curve",
            got=f"{seen.fact('empty panels')} without",
            hint="How many panels are made, and how often?",
        )
    if seen.fact("shown") != "False":
        return words.failed(
            "A window is opened.", expected="the Figure is returned, and not shown", got="a call of show()"
        )
    return words.passed("Both curves, labelled, and no window.")


def _find(lines: dict[str, np.ndarray], data: np.ndarray) -> str | None:
    """The name of the line that shows `data`."""
    return next((name for name, line in lines.items() if line.shape == data.shape and np.allclose(line, data)), None)
