"""What may be looked at beside the verdicts, made ready for a page: rows with words, pictures, marked code.

A part is unfolded where it differs from the reference, and folded where it agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.model import ExerciseResult, GradientRow, LayerRow, Place, TrainingCurve
from grader.report import charts
from grader.report.listing import Line, highlighted
from grader.report.plain import counted, format_number

_MOST_STEPS = 60
_MOST_ROWS = 200  # three times what ResNet18 has; who registers thousands of tensors gets no page of megabytes
_SHADED = "The shaded part of the accuracy line is what is accepted."


@dataclass(frozen=True)
class Row:
    """One row of a table: its cells, whether it agrees with the reference, and that in words."""

    cells: tuple[str, ...]
    same: bool
    word: str


@dataclass(frozen=True)
class Table:
    """A table with the sentence above it; `unfolded` where it holds a difference."""

    sentence: str
    rows: tuple[Row, ...]
    unfolded: bool
    totals: tuple[str, ...] = ()
    pictures: tuple[Markup, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listing:
    """Lines of one file; `label` names them for those who cannot see them."""

    file: str
    label: str
    lines: tuple[Line, ...]


def parameter_table(layers: Sequence[LayerRow]) -> Table | None:
    """Set the student's layers beside the reference's, with totals."""
    if not layers:
        return None
    rows = tuple(_layer_row(layer) for layer in layers)
    totals = (_count(sum(layer.got_count for layer in layers)), _count(sum(layer.expected_count for layer in layers)))
    kept, left_out = _most_telling(rows, "layer")
    return Table(_agreement(rows, "layer"), kept, not all(row.same for row in rows), totals, (), left_out)


def gradient_table(gradients: Sequence[GradientRow], ident: str) -> Table | None:
    """Set the gradient norms of student and reference side by side, with their picture."""
    if not gradients:
        return None
    rows = tuple(
        Row((row.name, _norm(row.got), _norm(row.expected)), row.same, charts.gradient_word(row)) for row in gradients
    )
    kept, left_out = _most_telling(rows, "tensor")
    hidden = len(kept) - len(charts.gradient_rows_shown(gradients))
    remarks = (f"{counted(hidden, 'more tensor')} in the table only.",) if hidden else ()
    picture = charts.gradient_flow(gradients, f"{ident}-gradients")
    unfolded = not all(row.same for row in rows)
    return Table(_agreement(rows, "tensor"), kept, unfolded, (), (picture,), (*remarks, *left_out))


def training_table(curve: TrainingCurve | None, ident: str) -> Table | None:
    """Show the short training run: losses by step, and the accuracy in its band."""
    if curve is None:
        return None
    steps = charts.thinned(max(len(curve.losses), len(curve.reference_losses)), _MOST_STEPS)
    rows = tuple(
        Row((str(step + 1), _loss(curve.losses, step), _loss(curve.reference_losses, step)), True, "") for step in steps
    )
    pictures = (
        charts.training_curve(curve, f"{ident}-loss"),
        charts.accuracy_band(curve, f"{ident}-accuracy"),
    )
    inside = curve.band[0] <= curve.accuracy <= curve.band[1]
    return Table(
        charts.accuracy_sentence(curve), rows, not inside, (), pictures, (charts.loss_sentence(curve), _SHADED)
    )


def listings(exercise: ExerciseResult) -> tuple[Listing, ...]:
    """Give the lines of code that the findings point at, highlighted."""
    return tuple(
        Listing(excerpt.file, _lines_label(excerpt.file, lines), lines)
        for excerpt in exercise.exhibits.code
        if (lines := tuple(highlighted(excerpt)))
    )


def line_anchor(ident: str, exercise: ExerciseResult, place: Place | None) -> str:
    """Name the marked line that a finding points at; empty where that line is not listed."""
    for number, excerpt in enumerate(exercise.exhibits.code):
        marked = [line.number for line in excerpt.lines if line.marked]
        if place and excerpt.file == place.file and place.line in marked:
            return f"{ident}-code{number}-{place.line}"
    return ""


def _most_telling(rows: Sequence[Row], noun: str) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The rows that a table has room for, those that differ before those that agree; and what is to be said of others.

    They stay in their order.
    """
    ranked = sorted(range(len(rows)), key=lambda index: (rows[index].same, index))
    more = len(rows) - _MOST_ROWS
    kept = tuple(rows[index] for index in sorted(ranked[:_MOST_ROWS]))
    return kept, (f"{counted(more, f'more {noun}')} not shown.",) if more > 0 else ()


def _layer_row(layer: LayerRow) -> Row:
    got = (layer.got, _count(layer.got_count)) if layer.got else ("", "")
    expected = (layer.expected, _count(layer.expected_count)) if layer.expected else ("", "")
    return Row((layer.name, *got, *expected), layer.same, _layer_word(layer))


def _layer_word(layer: LayerRow) -> str:
    if layer.same:
        return "same"
    if not layer.got:
        return "≠ missing"
    return "≠ differs" if layer.expected else "≠ extra"


def _agreement(rows: Sequence[Row], noun: str) -> str:
    differing = sum(not row.same for row in rows)
    if not differing:
        return f"{counted(len(rows), noun)}, same as the reference"
    return f"{differing} of {counted(len(rows), noun)} {'differs' if differing == 1 else 'differ'} from the reference"


def _lines_label(file: str, lines: Sequence[Line]) -> str:
    return f"{file}, lines {lines[0].number} to {lines[-1].number}"


def _norm(norm: float | None) -> str:
    return "no gradient" if norm is None else format_number(norm)


def _loss(losses: Sequence[float], step: int) -> str:
    return format_number(losses[step]) if step < len(losses) else ""


def _count(number: int) -> str:
    return f"{number:,}"
