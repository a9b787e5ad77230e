"""The figures of a class are right, hold nobody's grade, and say nothing where there is nothing to say."""

from __future__ import annotations

import gc
import math
import random
import statistics
import weakref
from collections.abc import Iterator
from dataclasses import replace

import grades
import pytest
from classes import answered, entry, mistaken, sample_class, two_questions
from grades import check, exercise
from hypothesis import given
from hypothesis import strategies as st

from grader import classroom
from grader.classroom import FEWEST, Need, Standing, survey
from grader.entry import Entry
from grader.model import Grade, Override, Status, Verdict
from grader.moments import Pairs, interval, quantile

finite = st.floats(-1e3, 1e3).map(lambda number: round(number, 3))


def paired(pairs: list[tuple[float, float]]) -> Pairs:
    """The moments of some pairs."""
    taken = Pairs()
    for x, y in pairs:
        taken.add(x, y)
    return taken


def test_a_correlation_by_hand() -> None:
    """Of 1 2 3 4 5 and 2 4 5 4 5: products around the means add up to 6, squares to 10 and 6; 6 / √60."""
    found = paired([(1, 2), (2, 4), (3, 5), (4, 4), (5, 5)])
    assert (found.count, found.x, found.y) == (5, 3, 4)
    assert found.correlation == pytest.approx(6 / math.sqrt(60))


@given(st.lists(st.tuples(finite, finite), min_size=2, max_size=60))
def test_the_correlation_is_that_of_the_library(pairs: list[tuple[float, float]]) -> None:
    """In one pass it should be what the standard library finds in two, and None where that finds none."""
    xs, ys = zip(*pairs, strict=True)
    found = paired(pairs).correlation
    if len(set(xs)) == 1 or len(set(ys)) == 1:
        assert found is None
    else:
        assert found is not None
        assert -1 <= found <= 1
        assert found == pytest.approx(statistics.correlation(xs, ys), abs=1e-6)


@given(finite, st.integers(1, 200))
def test_what_is_always_the_same_goes_with_nothing(value: float, count: int) -> None:
    """Equal values should vary by exactly nothing, however many they are."""
    assert paired([(value, n) for n in range(count)]).correlation is None
    assert paired([(n, value) for n in range(count)]).correlation is None


def test_an_interval_by_hand() -> None:
    """Fisher's z of 0.5 is 0.5493; of 28 pairs it reaches 1.96 / 5 to either side."""
    low, high = interval(0.5, 28)
    assert low == pytest.approx(math.tanh(0.549306 - 0.391993), abs=1e-5)
    assert high == pytest.approx(math.tanh(0.549306 + 0.391993), abs=1e-5)
    assert interval(0.5, 3) == (-1, 1)
    assert interval(-1.0, 50) == (-1, -1)


@given(st.lists(finite, min_size=2, max_size=50))
def test_quartiles_are_those_of_the_library(values: list[float]) -> None:
    """They should be what `statistics.quantiles` calls inclusive."""
    ordered = sorted(values)
    found = [quantile(ordered, share) for share in (0.25, 0.5, 0.75)]
    assert found == pytest.approx(statistics.quantiles(values, n=4, method="inclusive"))


def test_a_check_is_compared_with_everything_but_itself() -> None:
    """A check that has nothing to do with the rest should have no discrimination, though it is part of the total."""
    firsts, seconds = [True, False] * 10, [True, True, False, False] * 5
    room = survey(two_questions(firsts, seconds))
    one = room.exercises[0].checks["c0"]
    total = paired([(x, 10 * x + 10 * y) for x, y in zip(firsts, seconds, strict=True)]).correlation
    assert one.discrimination == pytest.approx(0)
    assert total == pytest.approx(math.sqrt(0.5))
    assert one.difficulty == 0.5
    assert not one.doubtful


def test_a_discrimination_by_hand() -> None:
    """Of 20 students 8 pass both, 8 neither, 2 and 2 one: phi is (8 · 8 - 2 · 2) / (10 · 10)."""
    firsts = [True] * 10 + [False] * 10
    seconds = [True] * 8 + [False] * 2 + [False] * 8 + [True] * 2
    for item in survey(two_questions(firsts, seconds)).exercises:
        assert item.checks["c0"].discrimination == pytest.approx(0.6)
        assert item.discrimination == pytest.approx(0.6)
        assert item.interval == pytest.approx(interval(0.6, 20))


def test_a_check_that_goes_against_the_rest_is_doubtful() -> None:
    """Where those who do well elsewhere fail, and not by chance, the check should be pointed out; else not."""
    against = survey(two_questions([True] * 20 + [False] * 20, [False] * 18 + [True] * 20 + [False] * 2))
    assert against.exercises[0].checks["c0"].doubtful
    maybe = survey(two_questions([True] * 10 + [False] * 10, [True] * 4 + [False] * 6 + [True] * 6 + [False] * 4))
    assert maybe.exercises[0].checks["c0"].discrimination == pytest.approx(-0.2)
    assert not maybe.exercises[0].checks["c0"].doubtful


def test_nothing_is_said_of_few_students_or_of_what_all_did() -> None:
    """Below the fewest, and where everybody did the same, there should be no discrimination, rather than 0."""
    halves = [n % 2 == 0 for n in range(FEWEST)]
    few = survey(two_questions(halves[1:], halves[1:])).exercises[0]
    assert (few.discrimination, few.interval, few.doubtful) == (None, None, False)
    assert survey(two_questions(halves, halves)).exercises[0].discrimination == pytest.approx(1)
    alike = survey(two_questions([True] * FEWEST, halves)).exercises
    assert [one.discrimination for one in alike] == [None, None]


def test_who_counts_for_the_difficulty() -> None:
    """What was not run counts as not passed; what is undecided, not attempted or not handed in does not count."""

    def seen(*verdicts: Verdict, status: Status = Status.GRADED) -> Entry:
        checks = [check(f"c{n}", verdict, 5) for n, verdict in enumerate(verdicts)]
        return entry(f"s{id(checks)}", exercise("a.one", *checks, status=status))

    passed, failed, skipped, error = Verdict.PASSED, Verdict.FAILED, Verdict.SKIPPED, Verdict.ERROR
    room = survey(
        [
            seen(passed, passed),
            seen(passed, failed),
            seen(failed, skipped),
            seen(error, skipped, status=Status.ERROR),
            seen(passed, error, status=Status.ERROR),
            seen(skipped, skipped, status=Status.NOT_ATTEMPTED),
            seen(skipped, skipped, status=Status.NOT_SUBMITTED),
        ]
    )
    (item,) = room.exercises
    assert item.difficulty == pytest.approx((10 + 5 + 0) / 30)
    assert [item.checks[name].count for name in ("c0", "c1")] == [4, 3]
    assert [item.checks[name].difficulty for name in ("c0", "c1")] == pytest.approx([3 / 4, 1 / 3])
    assert item.checks["c1"].verdicts == {passed: 1, failed: 1, skipped: 2, error: 1}
    expected = {Standing.WHOLE: 1, Standing.PART: 1, Standing.NOTHING: 1, Standing.ABSENT: 2, Standing.UNDECIDED: 2}
    assert item.standings == {Standing.UNASKED: 0} | expected


def test_a_check_of_ours_that_breaks_often_is_pointed_out() -> None:
    """More than one in twenty should be; one in twenty is an accident."""
    good, broken = answered("a.one", True), exercise("a.one", check("c0", Verdict.ERROR, 10), status=Status.ERROR)
    for errors, expected in ((1, False), (2, True)):
        every = [entry(f"s{n}", broken if n < errors else good) for n in range(20)]
        assert survey(every).exercises[0].checks["c0"].breaks is expected


def test_an_override_counts_for_the_score_and_not_for_the_checks() -> None:
    """What a person sets should be in the score and the standing; what the grader said should stay beside it."""
    graded = grades.grade(answered("a.one", True, False), answered("b.two", False))
    early, late = (Override("a.one", points, "", "m", "2026-11-20T10:00:00Z") for points in (1.5, 20.0))
    elsewhere = Override("c.gone", 100, "", "m", "2026-11-20T10:00:00Z")
    one = Entry("alice", graded, overrides=(early, elsewhere, late))
    room = survey([one])
    assert (one.score, graded.score) == (20.0, 10.0)
    assert one.decided is not None
    assert [each.score for each in one.decided.exercises] == [20.0, 0.0]
    (student,) = room.students
    assert (student.score, student.said) == (20.0, 10.0)
    assert student.standings == (Standing.WHOLE, Standing.NOTHING)
    assert [(change.said, change.override) for change in student.changes] == [(10.0, late)]
    assert room.scores.points == (20.0,)
    assert room.exercises[0].difficulty == 0.5


def test_what_a_person_decided_waits_for_nobody() -> None:
    """An error of ours should need a person until one has set the points."""
    broken = exercise("a.one", check("c0", Verdict.ERROR, 10), status=Status.ERROR)
    waiting = entry("alice", broken)
    assert [reason.words for reason in classroom.reasons(waiting)] == ["the grader failed in one"]
    decided = replace(waiting, overrides=(Override("a.one", 4, "", "m", "2026-11-20T10:00:00Z"),))
    assert list(classroom.reasons(decided)) == []
    assert survey([decided]).students[0].standings == (Standing.PART,)


def test_who_needs_a_person() -> None:
    """Each reason should name those whom it concerns, and nobody else."""
    room = survey(sample_class())
    found = {need: [student.name for student in room.needing(need)] for need in Need}
    assert found == {
        Need.NO_GRADE: ["carol"],
        Need.BROKEN: ["alice", "bob"],
        Need.QUARANTINED: ["emil"],
        Need.NOTED: ["dora"],
    }
    words = {student.name: [reason.words for reason in student.reasons] for student in room.students}
    assert words["alice"] == ["the grader failed in conv_relu_pool, RestNetDownBlock"]
    assert words["bob"] == ["the grader failed in RestNetDownBlock"]
    assert words["carol"] == ["put the .py file into it"]
    assert words["dora"] == ["Is it data?"]


def test_the_likeliest_misconceptions_are_counted_and_priced() -> None:
    """Once for each student, with what their exercises lack; alternatives should not count."""
    room = survey(
        [
            entry("ann", mistaken("a.one", "common", "other"), mistaken("a.two", "common")),
            entry("ben", mistaken("a.one", "common")),
            entry("eve", mistaken("a.one", "rare"), answered("a.two", True)),
        ]
    )
    assert [(one.id, one.title, one.students) for one in room.mistakes] == [
        ("common", "The title of common", 2),
        ("rare", "The title of rare", 1),
    ]
    assert room.mistakes[0].exercises == {"a.one": 2, "a.two": 1}
    assert [one.cost for one in room.mistakes] == [15, 10]
    assert [student.name for student in room.having("common")] == ["ann", "ben"]
    assert room.having("other") == []


def test_scores_by_hand() -> None:
    """Median, quartiles and steps of 10, 20, 30 and 40 points out of 40."""
    room = survey([entry(f"s{n}", answered("a.one", *(k <= n for k in range(4)))) for n in range(4)])
    assert room.scores.points == (10, 20, 30, 40)
    assert room.scores.worth == 40
    assert [room.scores.at(share) for share in (0, 0.25, 0.5, 1)] == [10, 17.5, 25, 40]
    assert room.scores.bins(4) == (0, 1, 1, 2)
    assert sum(room.scores.bins(7)) == 4


def test_submissions_that_were_asked_other_things_share_a_class() -> None:
    """Exercises should be those of all, in the order in which they were met; what was not asked is not absent."""
    room = survey([entry("b", answered("a.one", True)), entry("a", answered("b.two", True, False))])
    assert room.exercise_ids == ("a.one", "b.two")
    standings = {student.name: [student.standing(place) for place in range(2)] for student in room.students}
    assert standings["a"] == [Standing.UNASKED, Standing.PART]
    assert standings["b"] == [Standing.WHOLE, Standing.UNASKED]
    assert room.scores.worth is None
    assert room.scores.shares == (0.5, 1.0)


def test_a_class_of_nobody() -> None:
    """No entries, or none with a grade, should be no trouble."""
    for entries in ([], [Entry("x", None)]):
        room = survey(entries)
        assert (room.graded, room.exercises, room.mistakes, room.scores.bins(3)) == (0, (), (), (0, 0, 0))


def test_no_grade_is_kept() -> None:
    """A class of any size should pass through: every grade should be gone when it was looked at."""
    seen: list[weakref.ref[Grade]] = []

    def stream() -> Iterator[Entry]:
        for n in range(30):
            gc.collect(0)
            assert sum(ref() is not None for ref in seen) <= 2
            one = entry(f"s{n}", mistaken("a.one", "common"))
            assert one.grade is not None
            seen.append(weakref.ref(one.grade))
            yield one

    room = survey(stream())
    gc.collect()
    assert len(room.students) == 30
    assert not [ref for ref in seen if ref() is not None]


verdicts = st.sampled_from(list(Verdict))


@st.composite
def classes(draw: st.DrawFn) -> list[Entry]:
    """Any class: of any size, with any verdicts."""
    entries = []
    for n in range(draw(st.integers(1, 30))):
        checks = [check(f"c{k}", draw(verdicts), 1 + k) for k in range(3)]
        status = Status.ERROR if any(one.verdict is Verdict.ERROR for one in checks) else Status.GRADED
        parts = [exercise("a.one", *checks, status=status), answered("a.two", draw(st.booleans()))]
        changed = (Override("a.two", draw(st.floats(-5, 20)), "", "m", ""),) if draw(st.booleans()) else ()
        entries.append(entry(f"s{n:02}", *parts, overrides=changed) if draw(st.booleans()) else Entry(f"s{n:02}", None))
    return entries


@given(classes(), st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(entries: list[Entry], chance: random.Random) -> None:
    """A database may give them in any order: students, counts and figures should be the same."""
    first = survey(entries)
    second = survey(chance.sample(entries, len(entries)))
    assert first.students == second.students
    assert first.scores == second.scores
    others = {item.id: item for item in second.exercises}
    for item in first.exercises:
        other = others[item.id]
        assert item.standings == other.standings
        for one, two in [(item, other), *((item.checks[name], other.checks[name]) for name in item.checks)]:
            assert one.count == two.count
            assert one.difficulty == pytest.approx(two.difficulty)
            assert one.discrimination == pytest.approx(two.discrimination, abs=1e-9)


@given(classes())
def test_nobody_is_lost(entries: list[Entry]) -> None:
    """Every entry should be a student, every grade one in each count, every figure in its range."""
    room = survey(entries)
    graded = sum(one.grade is not None for one in entries)
    assert len(room.students) == len(entries)
    assert room.graded == graded == sum(room.scores.bins(20))
    for item in room.exercises:
        assert sum(item.standings.values()) == graded
        for one in item.checks.values():
            assert sum(one.verdicts.values()) == graded
            assert one.difficulty is None or 0 <= one.difficulty <= 1
            assert one.discrimination is None or -1 <= one.discrimination <= 1
    for student, one in zip(room.students, entries, strict=True):
        assert student.score == one.score
        assert (student.said is None) == (one.grade is None)
