"""A matplotlib figure as data: its lines, its words, and its picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.worker.problems import SubmissionFault

# Neither rises or falls throughout: a curve that is sorted is another.
HISTORY = {"train_loss": [1.9, 0.8, 1.2, 0.55], "test_accuracy": [0.31, 0.72, 0.58, 0.77]}
# What labels speak of, where they speak of it at all. A label in other words fits everywhere.
EPOCH = ("epoch", "iteration", "step", "轮", "周期", "迭代")
LOSS, ACCURACY = ("loss", "损失"), ("acc", "准确", "精度", "正确")
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
        "labels fit": str(_labels_fit(drawn)),
        "empty panels": str(sum(_is_empty(axis, drawn) for axis in axes)),
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


def _labels_fit(axes: list[Any]) -> bool:
    """Whether no label speaks of what its axis does not show: epochs go across, and each panel has its own values."""
    across = [axis.get_xlabel() for axis in axes]
    if any(_speaks(label, LOSS + ACCURACY) and not _speaks(label, EPOCH) for label in across):
        return False
    upwards = [axis.get_ylabel() for axis in axes]
    if not any(_speaks(label, EPOCH) for label in across) and any(
        _speaks(label, EPOCH) and not _speaks(label, LOSS + ACCURACY) for label in upwards
    ):
        return False
    return all(_suits(axis) for axis in axes)


def _suits(axis: Any) -> bool:
    """Whether a panel with one of the curves alone is not labelled with the other."""
    curves = {name for line in axis.lines for name, values in HISTORY.items() if _shows(line, values)}
    if len(curves) != 1:
        return True
    own, other = (LOSS, ACCURACY) if "train_loss" in curves else (ACCURACY, LOSS)
    return _speaks(axis.get_ylabel(), own) or not _speaks(axis.get_ylabel(), other)


def _shows(line: Any, values: list[float]) -> bool:
    heights = np.asarray(line.get_ydata(), dtype=np.float64)
    wanted = np.asarray(values)
    return heights.shape == wanted.shape and (np.allclose(heights, wanted) or np.allclose(heights, 100 * wanted))


def _speaks(label: str, words: tuple[str, ...]) -> bool:
    return any(word in label.lower() for word in words)


def _is_empty(axis: Any, drawn: list[Any]) -> bool:
    """Whether a reader sees a frame with nothing in it: no data, no words, and not the twin of a panel in use."""
    if axis.has_data() or axis.texts or axis.tables or axis.get_legend() or not axis.get_visible() or not axis.axison:
        return False
    if not axis.get_frame_on() or any([axis.get_title(), axis.get_xlabel(), axis.get_ylabel()]):
        return False
    return not any(_twins(axis, other) for other in drawn)


def _twins(one: Any, other: Any) -> bool:
    shared = one.get_shared_x_axes().joined(one, other) or one.get_shared_y_axes().joined(one, other)
    return bool(shared) and bool(one.get_position().bounds == other.get_position().bounds)


def _explained(figure: Any, axes: list[Any]) -> bool:
    """Whether a reader can tell the curves: a legend, or a title for each panel. One alone is not to be told apart."""
    if sum(len(axis.lines) for axis in axes) == 1:
        return True
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
