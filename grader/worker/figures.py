"""A matplotlib figure as data: its lines, its words, and its picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.worker.problems import SubmissionFault

HISTORY = {"train_loss": [1.9, 1.2, 0.8, 0.55], "test_accuracy": [0.31, 0.58, 0.72, 0.77]}
DOTS_PER_INCH = 72  # of the picture in the report
LARGEST = 640  # pixels


def look_at(function: Callable[..., Any], seed: int) -> tuple[dict[str, str], dict[str, Any]]:
    """Call ``plot_history`` on a known history and describe the figure that it returns."""
    import matplotlib

    matplotlib.use("Agg", force=True)
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    shown: list[str] = []
    plt.show = Figure.show = lambda *args, **kwargs: shown.append("show")  # type: ignore[assignment]
    figure = function({name: list(values) for name, values in HISTORY.items()})
    if not isinstance(figure, Figure):
        raise SubmissionFault("WrongResult", f"expected a Figure, got {type(figure).__name__}")
    axes = figure.get_axes()
    drawn = [axis for axis in axes if axis.lines]
    facts = {
        "shown": str(bool(shown)),
        "axes": str(len(drawn)),
        "x labels": str(all(axis.get_xlabel() for axis in drawn) or _shared_label(drawn)),
        "y labels": str(all(axis.get_ylabel() for axis in drawn)),
        "explained": str(_explained(figure, drawn)),
    }
    lines = [np.asarray(line.get_ydata(), dtype=np.float64) for axis in drawn for line in axis.lines]
    across = [np.asarray(line.get_xdata(), dtype=np.float64) for axis in drawn for line in axis.lines]
    numbers: dict[str, Any] = {f"line {index}": line for index, line in enumerate(lines[:6])}
    numbers |= {f"epochs {index}": x for index, x in enumerate(across[:6])}
    numbers["picture"] = _picture(figure)
    return facts, numbers


def _shared_label(axes: list[Any]) -> bool:
    """Panels one above the other, or twins, may share the label of the lowest."""
    return (
        bool(axes) and any(axis.get_xlabel() for axis in axes) and len({axis.get_position().x0 for axis in axes}) == 1
    )


def _explained(figure: Any, axes: list[Any]) -> bool:
    """Whether a reader can tell the curves: a legend, or a title for each panel."""
    legends = [axis.get_legend() for axis in axes if axis.get_legend()] + list(figure.legends)
    titles = [axis.get_title() or axis.get_title("left") or axis.get_title("right") for axis in axes]
    return bool(legends) or (len(axes) > 1 and all(titles))


def _picture(figure: Any) -> np.ndarray:
    """The figure as plain pixels (height, width, 3), at most LARGEST wide and high."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(min(LARGEST / max(*figure.get_size_inches(), 1), DOTS_PER_INCH))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
