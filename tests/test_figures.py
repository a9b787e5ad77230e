"""A figure as data: labels that stand where they belong, and panels with something in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grader.diagnosis import curves as drawn
from grader.worker import figures

History = dict[str, list[float]]
pytestmark = pytest.mark.filterwarnings("ignore:Glyph .* missing from font")  # which fonts there are does not matter


@pytest.fixture(autouse=True)
def show_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at in this process leaves matplotlib as it was."""
    for owner in (plt, Figure):
        monkeypatch.setattr(owner, "show", owner.show)


def facts(draw: Callable[[Figure, History], None]) -> dict[str, str]:
    """What is noted of a figure."""

    def function(history: History) -> Figure:
        figure = Figure()
        draw(figure, history)
        return figure

    return figures.look_at(function, 0)[0]


def curves(axes: tuple[Axes, Axes], history: History, **labels: tuple[str, str]) -> None:
    """Both curves, each in its panel, and labels (xlabel, ylabel) of both."""
    for axis, key in zip(axes, history, strict=True):
        axis.plot(range(1, 5), history[key])
        axis.set(xlabel=labels[key][0], ylabel=labels[key][1])


FITTING: tuple[dict[str, Any], ...] = (
    {"train_loss": ("epoch", "loss"), "test_accuracy": ("epoch", "accuracy")},
    {"train_loss": ("", "mean per epoch"), "test_accuracy": ("Epochs", "share of right answers per epoch")},
    {"train_loss": ("epoch (training loss)", "nats"), "test_accuracy": ("n", "value")},
    {"train_loss": ("训练轮数", "损失"), "test_accuracy": ("训练轮数", "准确率")},
    {"train_loss": ("epoch", "loss per epoch"), "test_accuracy": ("epoch", "accuracy (the loss is on the left)")},
)
MISPLACED: tuple[dict[str, Any], ...] = (
    {"train_loss": ("loss", "epoch"), "test_accuracy": ("epoch", "accuracy")},
    {"train_loss": ("epoch", "loss"), "test_accuracy": ("accuracy", "epoch")},
    {"train_loss": ("Training loss", "mean loss per sample"), "test_accuracy": ("epoch", "accuracy")},
    {"train_loss": ("n", "epoch"), "test_accuracy": ("n", "epoch")},
    {"train_loss": ("epoch", "accuracy"), "test_accuracy": ("epoch", "loss")},
    {"train_loss": ("损失", "轮"), "test_accuracy": ("轮", "准确率")},
)


@pytest.mark.parametrize("labels", FITTING)
def test_labels_that_fit(labels: dict[str, tuple[str, str]]) -> None:
    """Any words, in any language, as long as they do not speak of another axis."""
    assert facts(lambda figure, history: curves(figure.subplots(1, 2), history, **labels))["labels fit"] == "True"


@pytest.mark.parametrize("labels", MISPLACED)
def test_labels_of_another_axis(labels: dict[str, tuple[str, str]]) -> None:
    """Values across, epochs upwards, or the other panel's values."""
    assert facts(lambda figure, history: curves(figure.subplots(1, 2), history, **labels))["labels fit"] == "False"


def test_a_sorted_curve_is_another() -> None:
    """Both ways."""
    for values in figures.HISTORY.values():
        assert not np.allclose(values, sorted(values))
        assert not np.allclose(values, sorted(values, reverse=True))


def panels(prepare: Callable[[Figure], tuple[Axes, Axes]]) -> str:
    """How many panels are empty, of a figure with both curves in these."""
    return facts(lambda figure, history: curves(prepare(figure), history, **FITTING[0]))["empty panels"]


def test_empty_panels_are_counted() -> None:
    """More than are used, and a second set above the first."""
    assert panels(lambda figure: figure.subplots(1, 3)[:2]) == "1"
    assert panels(lambda figure: figure.subplots(2, 2)[0]) == "2"
    assert panels(lambda figure: (figure.subplots(1, 2), figure.subplots(1, 2))[1]) == "2"


def test_what_is_not_a_panel_is_not_counted() -> None:
    """Twins, panels that are switched off, those that hold words alone, and one around all that carries a label."""

    def twins(figure: Figure) -> tuple[Axes, Axes]:
        left = figure.subplots()
        return left, left.twinx()

    def unused_twin(figure: Figure) -> tuple[Axes, Axes]:
        left, right = figure.subplots(1, 2)
        left.twinx()
        return left, right

    def switched_off(figure: Figure) -> tuple[Axes, Axes]:
        axes = figure.subplots(2, 2).ravel()
        axes[2].axis("off")
        axes[3].text(0.5, 0.5, "best: 0.77")
        return axes[0], axes[1]

    def around(figure: Figure) -> tuple[Axes, Axes]:
        figure.add_subplot(111, frameon=False)
        return figure.subplots(1, 2)

    for prepare in (twins, unused_twin, switched_off, around):
        assert panels(prepare) == "0", prepare.__name__


def test_taste_makes_no_other_curves() -> None:
    """Which curve comes first, epochs from 0 or 1, per cent: all the same; other heights or places are not."""
    loss, accuracy = map(np.asarray, figures.HISTORY.values())
    picture, epochs = np.zeros(1), np.arange(1.0, 5)
    usual = {"picture": picture, "line 0": loss, "epochs 0": epochs, "line 1": accuracy, "epochs 1": epochs}
    other = {"picture": picture, "line 0": 100 * accuracy, "epochs 0": epochs - 1, "line 1": loss, "epochs 1": epochs}
    assert drawn.curves(usual) == drawn.curves(other)
    assert drawn.curves(usual) != drawn.curves(usual | {"line 0": loss[::-1]})
    assert drawn.curves(usual) != drawn.curves(usual | {"epochs 0": 2 * epochs})
    assert drawn.curves({"line 0": loss}) is None
