"""A self-test for the terminal: one table for each assignment, what went wrong, and the rates that decide."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.language import N_, _, joined
from grader.tally import Kind, Outcome, Rate, Tally
from grader.text import one_line

_COLUMNS = (
    N_("exercise"),
    N_("mistakes"),
    N_("first"),
    N_("top 3"),
    N_("wrong"),
    N_("beside"),
    N_("mutants"),
    N_("same"),
    N_("left"),
)
_LEGEND = N_(
    "mistakes: those of the bank that are caught; first, top 3: named first, among the first three; wrong: named, but "
    "otherwise; beside: cost something in other exercises; mutants: caught; same: equivalent; left: survivors."
)
NOT_TRIED = "–"


def show(tally: Tally, exercises: dict[str, list[str]], rates: tuple[Rate, ...], notes: list[str], to: Console) -> None:
    """Print everything. `exercises` holds the names of those that were tried, by assignment."""
    for assignment, names in exercises.items():
        to.print(_table(tally, assignment, names))
    to.print(Text(_(_LEGEND), style="dim"))
    for title, outcomes in _lists(tally):
        to.print(Text(f"\n{title} ({len(outcomes)})", style="bold"))
        for outcome in outcomes:
            to.print(Text(one_line(f"  {_line(outcome)}")), soft_wrap=True)
    to.print()
    for note in notes:
        to.print(Text(one_line(note)), soft_wrap=True)
    for rate in rates:
        text = _("{title}: {part} of {whole} ({share})")
        if rate.least is not None:
            text = _("{title}: {part} of {whole} ({share}, at least {least})")
        mark = Text("✓ " if rate.met else "✗ ", style="green" if rate.met else "red")
        share, least = _share(rate.part, rate.whole), _percent(rate.least or 0.0)
        told = text.format(title=rate.title, part=rate.part, whole=rate.whole, share=share, least=least)
        to.print(mark + Text(told))


def _table(tally: Tally, assignment: str, names: list[str]) -> Table:
    whole = [
        _("{what} {good} of {tried} right").format(what=label, good=tried.good, tried=len(tried))
        if len(tried)
        else f"{label} {NOT_TRIED}"
        for kind, label in (
            (Kind.SOLUTION, _("solution")),
            (Kind.STUB, _("stub")),
            (Kind.CORRECT, _("correct variations")),
        )
        for tried in [tally.of(kind, assignment)]
    ]
    caption = " · ".join(whole)
    table = Table(title=assignment, caption=caption, box=box.SIMPLE_HEAD, pad_edge=False)
    table.title_justify = table.caption_justify = "left"
    for column in _COLUMNS:
        first = column == _COLUMNS[0]
        table.add_column(_(column), justify="left" if first else "right", no_wrap=not first, overflow="fold")
    for name in names:
        table.add_row(name, *_cells(tally, assignment, name))
    if len(names) > 1:
        table.add_section()
        table.add_row(_("all"), *_cells(tally, assignment, ""), style="bold")
    return table


def _cells(tally: Tally, assignment: str, exercise: str) -> Iterator[str]:
    mistakes = tally.of(Kind.MISTAKE, assignment, exercise)
    yield _of(mistakes.caught, len(mistakes))
    for figure in (mistakes.named_first, mistakes.named_soon, mistakes.misnamed, mistakes.collateral):
        yield str(figure) if len(mistakes) else NOT_TRIED
    mutants = tally.of(Kind.MUTANT, assignment, exercise)
    yield _of(mutants.caught, mutants.harmful)
    yield str(len(mutants) - mutants.harmful) if len(mutants) else NOT_TRIED
    yield str(mutants.harmful - mutants.caught) if len(mutants) else NOT_TRIED


def _lists(tally: Tally) -> Iterator[tuple[str, list[Outcome]]]:
    """What a person must look at, most urgent first."""
    everything = tally.outcomes
    alarms = (Kind.SOLUTION, Kind.STUB, Kind.CORRECT)
    lists = (
        (_("Errors of ours"), [o for o in everything if o.broken and o.trial.kind is not Kind.STUB]),
        (_("False alarms"), [o for o in everything if o.trial.kind in alarms and not o.good]),
        (_("Equivalent, and yet caught"), [o for o in everything if o.trial.harmless and o.caught]),
        (_("Mistakes that are not caught"), _survivors(tally, Kind.MISTAKE)),
        (_("Mistakes that cost something elsewhere"), [o for o in everything if o.collateral]),
        (_("Survivors among the mutants"), _survivors(tally, Kind.MUTANT)),
    )
    return ((title, outcomes) for title, outcomes in lists if outcomes)


def _survivors(tally: Tally, kind: Kind) -> list[Outcome]:
    return [o for o in tally.of(kind).outcomes if not o.caught and not o.trial.harmless]


def _line(outcome: Outcome) -> str:
    trial = outcome.trial
    where = f"{trial.assignment}.{trial.exercise}" if trial.exercise else trial.assignment
    told = (*outcome.broken, *outcome.collateral, *(outcome.lost if trial.kind is not Kind.MISTAKE else ()))
    names = joined(outcome.named)
    named = [_("named {names}").format(names=names)] if outcome.named and not trial.exercise else []
    text = _("{where}, line {line}: {name}: {change}") if trial.line else _("{where}: {name}")
    line = text.format(where=where, line=trial.line, name=trial.name, change=trial.change)
    why = [_("equivalent: {why}").format(why=_(trial.harmless))] if trial.harmless else []
    return " · ".join([line, *told[:3], *named, *why])


def _of(part: int, whole: int) -> str:
    return f"{part}/{whole}" if whole else NOT_TRIED


def _share(part: int, whole: int) -> str:
    return _percent(part / whole)


def _percent(share: float) -> str:
    """Never rounded up: 99.96 % is not all."""
    return f"{int(share * 1000 + 1e-9) / 10:g} %"
