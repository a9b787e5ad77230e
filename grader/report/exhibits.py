"""What may be looked at beside the verdicts, made ready for a page: rows with words, pictures, marked code.

A part is unfolded where it differs from the reference, and folded where it agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from grader.language import N_, _, ngettext
from grader.model import Demonstration, Excerpt, ExerciseResult, GradientRow, LayerRow, Place, TrainingCurve
from grader.report import charts
from grader.report.listing import Line, highlighted
from grader.report.plain import counted, format_number

_UNKNOWN = ("", "")  # input and output of a layer
_SHADED = N_("The shaded part of the accuracy line is what is accepted.")


@dataclass(frozen=True)
class Caps:
    """How much a page shows: rows of a table, losses in one, lines around a place, operations around a divergence;
    whether also of exercises that are whole, gradients that all agree as a picture, and any picture."""

    rows: int = 64  # ResNet18 has 62 tensors; who registers thousands of them gets no page of megabytes
    losses: int = 20
    lines: int = 8
    operations: int = 12
    whole: bool = True
    agreeing: bool = True
    pictures: bool = True

    @property
    def left_out(self) -> str:
        """What a reader should know of this; tables say themselves how many rows they lack."""
        if self.whole:
            return ""
        if self.agreeing:
            return _("To keep this page small, it does not look closer at exercises that pass every check.")
        if self.pictures:
            return _("To keep this page small, it looks closer only at what differs from the reference.")
        return _("To keep this page small, it looks closer only at what differs, and shows no pictures.")


@dataclass(frozen=True)
class Row:
    """One row of a table: its cells, whether it agrees with the reference, and that in words."""

    cells: tuple[str, ...]
    same: bool
    word: str


@dataclass(frozen=True)
class Table:
    """A table with the sentence above it; `unfolded` where it holds a difference, `shaped` where layers tell what
    passes through them."""

    sentence: str
    rows: tuple[Row, ...]
    unfolded: bool
    totals: tuple[str, ...] = ()
    pictures: tuple[Markup, ...] = ()
    remarks: tuple[str, ...] = ()
    shaped: bool = False


@dataclass(frozen=True)
class Listing:
    """Lines of one file; `label` names them for those who cannot see them."""

    file: str
    label: str
    lines: tuple[Line, ...]


def parameter_table(layers: Sequence[LayerRow], caps: Caps) -> Table | None:
    """Set the student's layers beside the reference's, with totals."""
    if not layers:
        return None
    rows = tuple(_layer_row(layer) for layer in layers)
    got, expected = (
        sum(column) for column in zip(*((each.got_count, each.expected_count) for each in layers), strict=True)
    )
    totals = (_count(got), _("same") if got == expected else _parameters(expected))
    kept = _most_telling(rows, caps.rows)
    more = len(rows) - len(kept)
    left_out = counted(ngettext("{count} more layer not shown.", "{count} more layers not shown.", more), more)
    total = counted(ngettext("{count} layer", "{count} layers", len(rows)), len(rows))
    unfolded = not all(row.same for row in rows)
    shaped = any(layer.passed != _UNKNOWN for layer in layers)
    return Table(_agreement(rows, total), kept, unfolded, totals, (), (left_out,) * bool(more), shaped)


def gradient_table(gradients: Sequence[GradientRow], ident: str, caps: Caps) -> Table | None:
    """Set the gradient norms of student and reference side by side, with their picture."""
    if not gradients:
        return None
    rows = tuple(
        Row((row.name, _norm(row.got), _norm(row.expected)), row.same, charts.gradient_word(row)) for row in gradients
    )
    kept = _most_telling(rows, caps.rows)
    hidden, more = max(0, len(kept) - len(charts.gradient_rows_shown(gradients))), len(rows) - len(kept)
    in_table = counted(
        ngettext("{count} more tensor in the table only.", "{count} more tensors in the table only.", hidden), hidden
    )
    left_out = counted(ngettext("{count} more tensor not shown.", "{count} more tensors not shown.", more), more)
    total = counted(ngettext("{count} tensor", "{count} tensors", len(rows)), len(rows))
    remarks = (in_table,) * bool(hidden) + (left_out,) * bool(more)
    unfolded = not all(row.same for row in rows)
    drawn = (
        (charts.gradient_flow(gradients, f"{ident}-gradients"),)
        if caps.pictures and (unfolded or caps.agreeing)
        else ()
    )
    return Table(_agreement(rows, total), kept, unfolded, (), drawn, remarks if drawn else remarks[bool(hidden) :])


def training_table(curve: TrainingCurve | None, ident: str, caps: Caps) -> Table | None:
    """Show the short training run: losses by step, and the accuracy in its band."""
    if curve is None:
        return None
    steps = charts.thinned(max(len(curve.losses), len(curve.reference_losses)), caps.losses)
    rows = tuple(
        Row((str(step + 1), _loss(curve.losses, step), _loss(curve.reference_losses, step)), True, "") for step in steps
    )
    pictures = (
        charts.training_curve(curve, f"{ident}-loss"),
        charts.accuracy_band(curve, f"{ident}-accuracy"),
    )
    remarks = (charts.loss_sentence(curve), _(_SHADED)) if caps.pictures else (charts.loss_sentence(curve),)
    inside = curve.band[0] <= curve.accuracy <= curve.band[1]
    return Table(charts.accuracy_sentence(curve), rows, not inside, (), pictures if caps.pictures else (), remarks)


def operations_caption(shown: Demonstration) -> str:
    """Say above the operations of two passes how many are not there."""
    told = [_("Operations of one forward pass beside the reference's")]
    if shown.before:
        before = ngettext("{count} operation before them agree", "{count} operations before them agree", shown.before)
        told.append(counted(before, shown.before))
    if shown.after:
        after = ngettext(
            "{count} operation after them not shown", "{count} operations after them not shown", shown.after
        )
        told.append(counted(after, shown.after))
    return _("; ").join(told)


def listings(exercise: ExerciseResult, caps: Caps) -> tuple[Listing, ...]:
    """Give the lines of code that the findings point at, highlighted."""
    return tuple(
        Listing(excerpt.file, _lines_label(excerpt.file, lines), lines)
        for excerpt in exercise.exhibits.code
        if (lines := tuple(highlighted(_near(excerpt, caps.lines))))
    )


def _near(excerpt: Excerpt, most: int) -> Excerpt:
    """Leave of an excerpt the marked lines and so many around each."""
    marked = [line.number for line in excerpt.lines if line.marked]
    kept = [line for line in excerpt.lines if any(abs(line.number - other) <= most for other in marked)]
    return replace(excerpt, lines=tuple(kept)) if marked else excerpt


def line_anchor(ident: str, exercise: ExerciseResult, place: Place | None) -> str:
    """Name the marked line that a finding points at; empty where that line is not listed."""
    for number, excerpt in enumerate(exercise.exhibits.code):
        marked = [line.number for line in excerpt.lines if line.marked]
        if place and excerpt.file == place.file and place.line in marked:
            return f"{ident}-code{number}-{place.line}"
    return ""


def shortened(shown: Demonstration, most: int) -> Demonstration:
    """Leave of the operations of two passes so many, around the place where they part, and count the others."""
    parting = next((place for place, row in enumerate(shown.trace) if row.first), 0)
    start = max(0, min(parting - most // 2, len(shown.trace) - most))
    kept = shown.trace[start : start + most]
    after = shown.after + len(shown.trace) - start - len(kept)
    return replace(shown, trace=kept, before=shown.before + start, after=after)


def _most_telling(rows: Sequence[Row], most: int) -> tuple[Row, ...]:
    """The rows that a table has room for, those that differ before those that agree. They stay in their order."""
    ranked = sorted(range(len(rows)), key=lambda index: (rows[index].same, index))
    return tuple(rows[index] for index in sorted(ranked[:most]))


def _layer_row(layer: LayerRow) -> Row:
    """The student's name, layer, input, output and parameters; then what of the reference's is not the same: input and
    output, layer, parameters."""
    own = (layer.name, layer.got, *layer.passed, _count(layer.got_count) if layer.got else "")
    shapes = layer.expected_passed if layer.expected_passed != layer.passed else _UNKNOWN
    parts = () if layer.same or not layer.expected else (layer.expected, _parameters(layer.expected_count))
    return Row((*own, *shapes, *parts), layer.same and not layer.apart, _layer_word(layer))


def _layer_word(layer: LayerRow) -> str:
    if layer.apart:
        return _("≠ other shapes") if any(layer.passed) else _("≠ not called")
    if layer.same:
        known = any(layer.passed) and any(layer.expected_passed)
        return _("same parameters") if known and layer.passed != layer.expected_passed else _("same")
    if not layer.got:
        return _("≠ missing")
    return _("≠ differs") if layer.expected else _("≠ extra")


def _parameters(number: int) -> str:
    return counted(ngettext("{count} parameter", "{count} parameters", number), number)


def _agreement(rows: Sequence[Row], total: str) -> str:
    """Say of a `total` in words how many of it differ."""
    differing = sum(not row.same for row in rows)
    if not differing:
        return _("{total}, same as the reference").format(total=total)
    return ngettext(
        "{differing} of {total} differs from the reference",
        "{differing} of {total} differ from the reference",
        differing,
    ).format(differing=differing, total=total)


def _lines_label(file: str, lines: Sequence[Line]) -> str:
    return _("{file}, lines {first} to {last}").format(file=file, first=lines[0].number, last=lines[-1].number)


def _norm(norm: float | None) -> str:
    return "no gradient" if norm is None else format_number(norm)


def _loss(losses: Sequence[float], step: int) -> str:
    return format_number(losses[step]) if step < len(losses) else ""


def _count(number: int) -> str:
    return f"{number:,}"
