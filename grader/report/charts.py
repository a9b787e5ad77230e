"""What a model was seen to do, as charts: its gradients, its training run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.language import _, ngettext, pgettext
from grader.model import GradientRow, TrainingCurve
from grader.report.plain import format_number, format_percent, sentence
from grader.report.svg import picture, pixels, tag, text

_BARS_AT, _BARS_TO = 190.0, 560.0
_ROW = 24.0
_MOST_ROWS = 20
_MOST_POINTS = 150
_PLOT = (52.0, 560.0, 16.0, 216.0)  # left, right, top, bottom of the loss plot
_LINE_HEIGHT = 15.0


@dataclass(frozen=True)
class Scale:
    """Maps numbers to pixels, linearly or by their logarithm; numbers outside the range stay at its ends."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Give the pixel of a number."""
        low, high, value = (self._unit(number) for number in (self.low, self.high, value))
        share = (value - low) / (high - low)
        share = 0.0 if math.isnan(share) else share  # a range so wide that it overflows
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def _unit(self, number: float) -> float:
        if not self.log:
            return number
        return math.log10(number) if number > 0 else -math.inf


def gradient_flow(rows: Sequence[GradientRow], ident: str) -> Markup:
    """Draw the gradient norm of each tensor as a bar on a log scale, the reference's below it."""
    shown = gradient_rows_shown(rows)
    norms = [norm for row in shown for norm in (row.got, row.expected)]
    scale = _decades([norm for norm in norms if norm is not None and math.isfinite(norm) and norm > 0])
    bottom = 34 + _ROW * len(shown)
    differing = sum(not row.same for row in rows)
    body = [_legend(), _decade_axis(scale, bottom)]
    body += _gradient_bars(shown, scale) + _gradient_texts(shown)
    desc = ngettext(
        "{differing} of {count} tensors has a gradient that differs from the reference's.",
        "{differing} of {count} tensors have a gradient that differs from the reference's.",
        differing,
    ).format(differing=differing, count=len(rows))
    return picture(ident, _("Gradient norms by tensor, on a log scale"), desc, bottom + 24, body)


def gradient_rows_shown(rows: Sequence[GradientRow]) -> list[GradientRow]:
    """Pick the rows that fit into the picture: those that differ before those that agree, in the given order."""
    ranked = sorted(range(len(rows)), key=lambda index: (rows[index].same, index))
    return [rows[index] for index in sorted(ranked[:_MOST_ROWS])]


def gradient_word(row: GradientRow) -> str:
    """Say in a word or two how the gradient of a tensor compares."""
    if row.got is None:
        return _("none, as expected") if row.same else _("≠ no gradient")
    if not math.isfinite(row.got) or row.got == 0:
        word = _("zero") if row.got == 0 else format_number(row.got)
        return word if row.same else f"≠ {word}"
    if row.same:
        return _("same")
    return _("≠ has a gradient") if row.expected is None else _("≠ differs")


def training_curve(curve: TrainingCurve, ident: str) -> Markup:
    """Draw the loss of every step: the student's solid, the reference's dashed, each named at its end."""
    both = ((curve.reference_losses, "reference"), (curve.losses, "yours"))
    left, right, bottom = _PLOT[0], _PLOT[1], _PLOT[3]
    steps = Scale(1, max(2, *(len(losses) for losses, _ in both)), left, right)
    heights = _loss_scale([*curve.losses, *curve.reference_losses])
    body = [_loss_axes(steps, heights)]
    body += [_loss_line(losses, steps, heights, kind) for losses, kind in both]
    body += _end_labels([(kind, losses) for losses, kind in both if losses], heights)
    return picture(ident, _("Training loss by step"), loss_sentence(curve), bottom + 28, body)


def loss_sentence(curve: TrainingCurve) -> str:
    """Say how the loss went, and from which step on it is not a number any more."""
    if not curve.losses:
        return _("No training step was recorded.")
    at, becomes = _("The loss starts at {first} and ends at {last}"), _("The loss starts at {first} and ends as {last}")
    first, last = curve.losses[0], curve.losses[-1]
    told = [(at if math.isfinite(last) else becomes).format(first=format_number(first), last=format_number(last))]
    if curve.reference_losses:
        at, becomes = _("the reference's ends at {last}"), _("the reference's ends as {last}")
        last = curve.reference_losses[-1]
        told.append((at if math.isfinite(last) else becomes).format(last=format_number(last)))
    broken = next((step for step, loss in enumerate(curve.losses, 1) if not math.isfinite(loss)), None)
    if broken is None:
        return sentence(told)
    first_broken = _("Yours is first not finite at step {step}.").format(step=broken)
    return f"{sentence(told)} {first_broken}"


def accuracy_band(curve: TrainingCurve, ident: str) -> Markup:
    """Draw the accuracy as a mark on a line from 0 to 100 %, with the accepted band shaded."""
    left, right = _PLOT[:2]
    scale = Scale(0, 1, left, right)
    low, high = (scale.at(edge) if math.isfinite(edge) else left for edge in curve.band)
    body = [
        tag("rect", x=left, y=30, width=right - left, height=8, rx=4, class_="track"),
        tag("rect", x=low, y=27, width=max(high - low, 2), height=14, rx=3, class_="band"),
        text(left - 8, 38, "0 %", "tick end"),
        text(right + 8, 38, "100 %", "tick"),
        _accuracy_mark("reference", curve.reference_accuracy, scale, 62),
        _accuracy_mark("yours", curve.accuracy, scale, 15),
    ]
    return picture(ident, _("Accuracy on the test split"), accuracy_sentence(curve), 72, body)


def accuracy_sentence(curve: TrainingCurve) -> str:
    """Put the accuracy, the accepted band and the reference's accuracy in one sentence."""
    low, high = (format_percent(edge) for edge in curve.band)
    accuracy, reference = format_percent(curve.accuracy), format_percent(curve.reference_accuracy)
    text = _("Accuracy {accuracy}; accepted is {low} to {high}; the reference reaches {reference}.")
    return text.format(accuracy=accuracy, low=low, high=high, reference=reference)


def thinned(count: int, limit: int) -> list[int]:
    """Pick at most about `limit` evenly spaced places out of `count`, the last one always among them."""
    stride = max(1, math.ceil(count / limit))
    return sorted({*range(0, count, stride), count - 1}) if count else []


def _gradient_bars(rows: Sequence[GradientRow], scale: Scale) -> list[Markup]:
    """Draw all bars of one look as one path, because a page may hold hundreds of them."""
    looks: dict[str, list[str]] = {"mine": [], "mine differs": [], "ref": []}
    for row, y in zip(rows, _row_places(rows), strict=True):
        looks["mine" if row.same else "mine differs"].append(_bar(row.got, scale, y + 3, 8))
        looks["ref"].append(_bar(row.expected, scale, y + 13, 4))
    return [tag("path", d="".join(bars), class_=look) for look, bars in looks.items() if any(bars)]


def _gradient_texts(rows: Sequence[GradientRow]) -> list[Markup]:
    names: list[Markup] = []
    same: list[Markup] = []
    differing: list[Markup] = []
    for row, y in zip(rows, _row_places(rows), strict=True):
        name = row.name if len(row.name) <= 26 else f"…{row.name[-25:]}"
        names.append(tag("text", name, x=_BARS_AT - 10, y=y + 13))
        word = tag("text", gradient_word(row), x=_BARS_TO + 10, y=y + 13)
        (same if row.same else differing).append(word)
    groups = (("tick end", names), ("tick", same), ("differs", differing))
    return [tag("g", *texts, class_=look) for look, texts in groups if texts]


def _row_places(rows: Sequence[GradientRow]) -> list[float]:
    return [30 + _ROW * place for place in range(len(rows))]


def _bar(norm: float | None, scale: Scale, y: float, height: float) -> str:
    if norm is None or math.isnan(norm) or norm <= 0:
        return ""
    width = pixels(max(scale.at(norm) - _BARS_AT, 2))
    return f"M{pixels(_BARS_AT)} {pixels(y)}h{width}v{pixels(height)}h-{width}z"


def _decades(norms: list[float]) -> Scale:
    low = math.floor(math.log10(min(norms, default=0.1)))
    high = min(max(math.ceil(math.log10(max(norms, default=1.0))), -290), 308)  # what a float can hold
    low = max(min(low, high - 1), high - 12)  # beyond twelve decades the upper bars would all look alike
    return Scale(10.0**low, 10.0**high, _BARS_AT, _BARS_TO, log=True)


def _decade_axis(scale: Scale, bottom: float) -> Markup:
    low, high = round(math.log10(scale.low)), round(math.log10(scale.high))
    lines, labels = [], []
    for power in range(low, high + 1, max(1, math.ceil((high - low) / 6))):
        x = scale.at(10.0**power)
        lines.append(f"M{pixels(x)} 28V{pixels(bottom)}")
        labels.append(tag("text", f"1e{power}" if power else "1", x=x, y=bottom + 15))
    return tag("path", d="".join(lines), class_="grid") + tag("g", *labels, class_="tick middle")


def _accuracy_mark(kind: str, accuracy: float, scale: Scale, label_y: float) -> Markup:
    words = f"{_kind(kind)} {format_percent(accuracy)}"
    if not math.isfinite(accuracy):
        return text(scale.start, label_y, words, "label")
    x = scale.at(accuracy)
    return tag("line", x1=x, x2=x, y1=22, y2=46, class_=kind) + text(x, label_y, words, "label middle")


def _kind(kind: str) -> str:
    return pgettext("whose", "yours") if kind == "yours" else pgettext("whose", "reference")


def _legend() -> Markup:
    return Markup("").join(
        [
            tag("rect", x=_BARS_AT, y=7, width=18, height=8, rx=1, class_="mine"),
            text(_BARS_AT + 24, 15, _kind("yours"), "tick"),
            tag("rect", x=_BARS_AT + 76, y=9, width=18, height=4, rx=1, class_="ref"),
            text(_BARS_AT + 100, 15, _kind("reference"), "tick"),
        ]
    )


def _loss_scale(losses: Iterable[float]) -> Scale:
    finite = [loss for loss in losses if math.isfinite(loss)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    top, bottom = _PLOT[2:]
    if low > 0 and high / low > 100:
        return Scale(low, high, bottom, top, log=True)
    low = min(low, 0.0)
    return Scale(low, high if high > low else low + 1.0, bottom, top)


def _loss_axes(steps: Scale, heights: Scale) -> Markup:
    left, right, top, bottom = _PLOT
    parts = []
    for y, value in ((bottom, heights.low), (top, heights.high)):
        parts.append(tag("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
        parts.append(text(left - 8, y + 4, format_number(value), "tick end"))
    parts.append(text(left, bottom + 18, _("step {step}").format(step=1), "tick"))
    parts.append(text(right, bottom + 18, _("step {step}").format(step=f"{steps.high:.0f}"), "tick end"))
    parts.append(text(left - 8, (top + bottom) / 2, _("loss"), "tick end"))
    if heights.log:
        parts.append(text(left - 8, (top + bottom) / 2 + _LINE_HEIGHT, _("(log)"), "tick end"))
    return Markup("").join(parts)


def _loss_line(losses: Sequence[float], steps: Scale, heights: Scale, kind: str) -> Markup:
    runs: list[list[str]] = [[]]
    for index in thinned(len(losses), _MOST_POINTS):
        if math.isfinite(losses[index]):
            runs[-1].append(f"{steps.at(index + 1):.1f},{heights.at(losses[index]):.1f}")
        elif runs[-1]:
            runs.append([])
    lines = [tag("polyline", points=" ".join(run), class_=f"line {kind}") for run in runs if len(run) > 1]
    dots = [run[0].split(",") for run in runs if len(run) == 1]
    return Markup("").join([*lines, *(tag("circle", cx=x, cy=y, r=3, class_=f"dot {kind}") for x, y in dots)])


def _end_labels(ends: Sequence[tuple[str, Sequence[float]]], heights: Scale) -> list[Markup]:
    """Write each line's name and last loss at its end, moved apart where they would overlap."""
    placed = sorted(
        (heights.at(_last_finite(losses)), f"{_kind(kind)} {format_number(losses[-1])}") for kind, losses in ends
    )
    labels, y = [], 0.0
    for wanted, words in placed:
        y = max(wanted + 4, y + _LINE_HEIGHT)
        labels.append(text(_PLOT[1] + 8, y, words, "label"))
    return labels


def _last_finite(losses: Sequence[float]) -> float:
    return next((loss for loss in reversed(losses) if math.isfinite(loss)), 0.0)
