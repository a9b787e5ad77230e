"""What a self-test tries and finds, as frozen records, and the rates that follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from grader.language import N_, _

NAMES_SHOWN = 3  # of misconceptions, in a report


class Kind(StrEnum):
    """What is handed in, and so what must become of it."""

    SOLUTION = "solution"  # full marks
    STUB = "stub"  # nothing, and not attempted
    MISTAKE = "mistake"  # of the bank: caught where it is, named, and nothing else lost
    CORRECT = "correct"  # another spelling: full marks, and nothing named
    MUTANT = "mutant"  # an automatic mistake: caught, unless it is none


@dataclass(frozen=True)
class Trial:
    """One file to be graded. A mistake is in one `exercise`; the exercises in `beside` must keep full marks."""

    kind: Kind
    assignment: str
    exercise: str  # a name; nothing where the whole file is meant
    name: str  # a misconception with its number, a file, an operator
    source: bytes = field(repr=False)
    beside: tuple[str, ...] = ()
    misconception: str = ""
    line: int = 0
    change: str = ""
    harmless: str = ""  # why it should behave like the solution


@dataclass(frozen=True)
class Outcome:
    """What became of a trial. `lost` are checks of its exercise that did not pass, `collateral` those of others."""

    trial: Trial
    lost: tuple[str, ...] = ()
    collateral: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()  # ours, or an outcome that the kind of trial does not allow

    @property
    def caught(self) -> bool:
        return bool(self.lost)

    @property
    def good(self) -> bool:
        """Whether it came as it had to, apart from names. A mutant that survives is bad unless it is harmless."""
        if self.broken or self.collateral:
            return False
        if self.trial.kind in (Kind.MISTAKE, Kind.MUTANT):
            return self.caught is not bool(self.trial.harmless)
        return not self.lost and not self.named

    def as_json(self) -> dict[str, Any]:
        trial = self.trial
        return {
            "kind": str(trial.kind), "assignment": trial.assignment, "exercise": trial.exercise, "name": trial.name,
            "line": trial.line, "change": trial.change, "harmless": trial.harmless, "good": self.good,
            "lost": self.lost, "collateral": self.collateral, "named": self.named, "broken": self.broken,
        }  # fmt: skip


@dataclass(frozen=True)
class Standard:
    """What the course states about itself, as shares; false alarms and collateral damage must be none anyway."""

    mistakes: float = 1.0
    mutants: float = 0.0
    named_first: float | None = None


@dataclass(frozen=True)
class Tally:
    """The figures of some outcomes."""

    outcomes: tuple[Outcome, ...]

    def of(self, kind: Kind, assignment: str = "", exercise: str = "") -> Tally:
        """Those of one kind, of one assignment, of one exercise."""
        return Tally(
            tuple(
                outcome
                for outcome in self.outcomes
                if outcome.trial.kind is kind
                and assignment in ("", outcome.trial.assignment)
                and exercise in ("", outcome.trial.exercise)
            )
        )

    def __len__(self) -> int:
        return len(self.outcomes)

    @property
    def good(self) -> int:
        return sum(outcome.good for outcome in self.outcomes)

    @property
    def caught(self) -> int:
        return sum(outcome.caught for outcome in self.outcomes if not outcome.trial.harmless)

    @property
    def harmful(self) -> int:
        """Mistakes and mutants that behave unlike the solution, by rule and list."""
        return sum(not outcome.trial.harmless for outcome in self.outcomes)

    @property
    def named_first(self) -> int:
        return self._named(1)

    @property
    def named_soon(self) -> int:
        return self._named(NAMES_SHOWN)

    @property
    def misnamed(self) -> int:
        """Those for which others are named, and the right one is not among the first few."""
        return sum(bool(outcome.named) for outcome in self.outcomes) - self.named_soon

    @property
    def collateral(self) -> int:
        return sum(bool(outcome.collateral) for outcome in self.outcomes)

    def _named(self, most: int) -> int:
        return sum(outcome.trial.misconception in outcome.named[:most] for outcome in self.outcomes)


@dataclass(frozen=True)
class Rate:
    """A share with the least that it has to be; None where the course states none. Its title is in the language of the
    run."""

    title: str
    part: int
    whole: int
    least: float | None

    @property
    def met(self) -> bool:
        return self.least is None or self.part >= self.least * self.whole


def rates(outcomes: Iterable[Outcome], standard: Standard) -> tuple[Rate, ...]:
    """Everything that decides whether the course holds together. What was not tried is absent."""
    tally = Tally(tuple(outcomes))
    mistakes, mutants = tally.of(Kind.MISTAKE), tally.of(Kind.MUTANT)
    harmless = [outcome for outcome in mutants.outcomes if outcome.trial.harmless]
    everything = (
        *(_all_good(title, tally.of(kind)) for kind, title in _MUST_BE_GOOD.items()),
        Rate(_("mistakes of the bank that are caught"), mistakes.caught, len(mistakes), standard.mistakes),
        Rate(_("mistakes that cost nothing elsewhere"), len(mistakes) - mistakes.collateral, len(mistakes), 1.0),
        Rate(_("mistakes that are named first"), mistakes.named_first, len(mistakes), standard.named_first),
        Rate(_("mistakes that are named among the first three"), mistakes.named_soon, len(mistakes), None),
        Rate(_("mutants that are caught"), mutants.caught, mutants.harmful, standard.mutants),
        Rate(_("equivalent mutants that keep full marks"), sum(o.good for o in harmless), len(harmless), 1.0),
    )
    return tuple(rate for rate in everything if rate.whole)


_MUST_BE_GOOD = {
    Kind.SOLUTION: N_("solutions with full marks"),
    Kind.STUB: N_("stubs that earn nothing"),
    Kind.CORRECT: N_("correct variations with full marks"),
}


def _all_good(title: str, tally: Tally) -> Rate:
    return Rate(_(title), tally.good, len(tally), 1.0)
