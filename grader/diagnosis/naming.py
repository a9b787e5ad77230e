"""From likeness to names: which known mistakes the evidence speaks for, likeliest first; none that it speaks against.

A mistake *explains* a view in which the student departs from the reference when it departs in the same way. It is
*contradicted* where it would have shown and nothing does. One that explains everything and is contradicted by nothing
behaves exactly as the student does; where several do, behaviour cannot tell them apart, and what is seen in the source
decides. Where none does, there may be two mistakes at once: then only views of kinds and counts are trusted, in which
each shows by itself; each name must explain something that those before it do not, and nobody else does as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grader.bank import Variation
from grader.course import Exercise
from grader.diagnosis import views
from grader.evidence import Evidence
from grader.wire.records import Source

MOST = 3  # names in a report; further down the list they help nobody
TWINS = 2  # which explain the same part of what is seen: of more, most would be wrong
MANY = 2  # views of many numbers each that agree: more than chance


@dataclass(frozen=True)
class Suspect:
    """A known mistake, and how its evidence lies beside the student's: views by their kind, and how many."""

    variation: Variation
    explained: frozenset[str]
    explained_numbers: frozenset[str]
    unexplained: int
    touched: int  # of those unexplained: where it departs from the reference too, in another way
    contradicted: int
    resembles: int  # views of style in which it is like the student's
    seen_in_source: int  # 1 the fact that tells it apart is there, 0 it has none, -1 it is not there
    of_a_part: bool = False  # known of an exercise that this one is made of: see `Bank.within`
    many: int = 0  # of the views explained: those of many numbers

    @property
    def exact(self) -> bool:
        """Whether it behaves as the student does, in all that was looked at."""
        return not self.unexplained and not self.contradicted and bool(self.explained | self.explained_numbers)

    @property
    def possible(self) -> bool:
        """Whether it may be what is wrong, or a part of it: nothing speaks against it, and it shows in kinds or counts;
        or in the source and everywhere that the student departs, with a number of its own (a rate, a size)."""
        in_source = self.seen_in_source > 0 and self.touched == self.unexplained
        return not self.contradicted and self.seen_in_source >= 0 and (bool(self.explained) or in_source)

    @property
    def rank(self) -> tuple[object, ...]:
        """For sorting, best first."""
        return (
            not self.exact,
            -self.seen_in_source,
            self.of_a_part,
            self.unexplained,
            -len(self.explained),
            -len(self.explained_numbers),
            -self.resembles,
            self.variation.misconception,
        )


class Comparison:
    """A student's evidence beside the reference's, to lay known mistakes beside both."""

    def __init__(self, exercise: Exercise, student: Evidence, reference: Evidence, source: Source) -> None:
        self._exercise, self._student, self._reference = exercise, student, reference
        self._views = list(views.of(exercise, reference))
        self._as_reference = [view.alike(student, reference) for view in self._views]
        self._facts = {fact.name for fact in source.facts}

    def unseen(self, variation: Variation) -> Suspect:
        """The variation before anything is known of what it does."""
        return Suspect(variation, frozenset(), frozenset(), 0, 0, 0, 0, 0)

    def suspect(self, variation: Variation, evidence: Evidence) -> Suspect:
        """The variation with its evidence sorted out; views that its evidence lacks count for nothing."""
        fact = 0 if not variation.fact else 1 if variation.fact in self._facts else -1
        explained: dict[bool, set[str]] = {False: set(), True: set()}
        unexplained = touched = contradicted = resembles = many = 0
        for view, as_reference in zip(self._views, self._as_reference, strict=True):
            alike = view.alike(self._student, evidence)
            if view.style:
                resembles += alike is True
            elif as_reference is False and alike is True:
                explained[view.numbers].add(view.name)
                many += view.many
            elif as_reference is False and alike is False:
                unexplained += 1
                touched += fact > 0 and view.alike(evidence, self._reference) is False
            elif as_reference is True and alike is False:
                contradicted += 1
        kinds, numbers = frozenset(explained[False]), frozenset(explained[True])
        counts = unexplained, touched, contradicted, resembles
        return Suspect(variation, kinds, numbers, *counts, fact, variation.exercise != self._exercise.name, many)


def ranked(found: Iterable[Suspect]) -> list[Suspect]:
    """The misconceptions that the evidence speaks for, each once, best first, at most `MOST`."""
    found = sorted(found, key=lambda suspect: suspect.rank)
    exact = [suspect for suspect in found if suspect.exact]
    if exact:
        # What the source shows is named alone; what it denies, only when nothing else behaves like it. Then by style.
        nearest = max((suspect.seen_in_source, suspect.resembles) for suspect in exact)
        return _each_once(each for each in exact if (each.seen_in_source, each.resembles) == nearest)[:MOST]
    possible = _each_once(suspect for suspect in found if suspect.possible)
    return (_parts(possible) or _by_numbers(found))[:MOST]


def _parts(possible: Sequence[Suspect]) -> list[Suspect]:
    """Of those that explain a part, each that explains more than the ones before it, and that no other one equals;
    equals only where there is nothing better, and few of them."""
    named: list[Suspect] = []
    equals: list[Suspect] = []
    waiting, explained = list(possible), frozenset[str]()
    while waiting:
        best, part = waiting[0], _part(waiting[0], explained)
        twins = [suspect for suspect in waiting if _part(suspect, explained) == part]
        waiting = [suspect for suspect in waiting if suspect not in twins]
        if not best.explained - explained and (named or best.seen_in_source <= 0):
            continue  # nothing new
        if len(twins) == 1:
            named.append(best)
            explained |= best.explained | best.explained_numbers
        else:
            equals = equals or twins
    return named or (equals if len(equals) <= TWINS else [])


def _by_numbers(found: Sequence[Suspect]) -> list[Suspect]:
    """The one that gives most of the student's numbers, where these are many and nothing speaks against it."""
    likely = [each for each in found if each.many >= MANY and not each.contradicted and each.seen_in_source >= 0]
    most = max((len(each.explained_numbers) for each in likely), default=0)
    best = _each_once(each for each in likely if len(each.explained_numbers) == most)
    return best if len(best) == 1 else []


def _part(suspect: Suspect, explained: frozenset[str]) -> tuple[object, ...]:
    """What a suspect explains beyond what is explained already; two that agree in it cannot be told apart."""
    kinds, numbers = suspect.explained - explained, suspect.explained_numbers - explained
    return kinds, numbers, suspect.seen_in_source > 0, suspect.of_a_part


def _each_once(found: Iterable[Suspect]) -> list[Suspect]:
    """The best of each misconception."""
    best: dict[str, Suspect] = {}
    for suspect in found:
        best.setdefault(suspect.variation.misconception, suspect)
    return list(best.values())
