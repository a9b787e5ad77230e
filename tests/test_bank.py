"""The bank of mistakes: files are well formed, edits apply, and each makes another program than the solution."""

from __future__ import annotations

import ast
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader import bank
from grader.bank import LANGUAGES, Bank
from grader.course import Course
from grader.errors import CourseError

SOLUTION = "def f(x):\n    return x + 1\n"
WORDS = "".join(f'{key} = {{ en = "a", zh = "b" }}\n' for key in ("title", "principle", "technique"))


@pytest.fixture(scope="module")
def known(course: Course) -> Bank:
    """The bank of the course."""
    return bank.of(course)


def test_every_exercise_has_known_mistakes(known: Bank, course: Course) -> None:
    """Hundreds of variations, over all 23 exercises."""
    assert len(known.misconceptions) >= 400
    for assignment in course.assignments:
        for exercise in assignment.exercises:
            assert len(known.of(exercise.name)) >= 5, exercise.name


def test_each_variation_compiles(known: Bank) -> None:
    """What Python cannot read would be one mistake of ours in the place of one of theirs."""
    bank.verify(known)


def test_mistakes_of_several_exercises_meet_in_one_file(known: Bank, course: Course) -> None:
    """Each edit should be applied where it belongs, whatever other exercises became."""
    solution = course.assignment("residual_blocks").solution
    one, other = known.of("RestNetBasicBlock")[0], known.of("RestNetDownBlock")[-1]
    both = bank.together(solution, [one, other])
    assert both == bank.together(solution, [other, one])
    assert both not in (solution, one.source, other.source)


def test_who_writes_a_part_anew_makes_its_mistakes(known: Bank) -> None:
    """Mistakes of an epoch belong to `fit` where it has an epoch of its own, and not where it uses the other."""
    own, epochs = known.of("fit"), known.of("train_one_epoch")
    assert known.within("fit", ["train_one_epoch", "evaluate"]) == own
    assert set(known.within("fit", ["evaluate"])) == {*own, *epochs}
    assert known.within("evaluate", []) == known.of("evaluate")


def test_no_variation_is_the_solution(known: Bank, course: Course) -> None:
    """A mistake that changes nothing is none."""
    solutions = {assignment.solution for assignment in course.assignments}
    assert not [v.misconception for v in known.variations if v.source in solutions]


def test_words_are_there_in_each_language(known: Bank) -> None:
    """Ids are kebab-case, titles fit on a line, hints say something."""
    for one in known.misconceptions.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.id)
        for language in LANGUAGES:
            assert len(one.title[language]) <= 80, one.id
            assert one.principle[language].strip()
            assert one.technique[language].strip()


def test_a_variation_may_have_a_fact_of_its_own(tmp_path: Path) -> None:
    """Where one way to be wrong shows otherwise in the source than the rest."""
    (tmp_path / "mistakes").mkdir()
    edits = 'exercise = "f"\nedits = [["x + 1", "x"]]\n'
    text = f'{WORDS}fact = "a"\n[[variation]]\n{edits}[[variation]]\n{edits}fact = "b"\n'
    (tmp_path / "mistakes" / "odd.toml").write_text(text, encoding="utf-8")
    assert [each.fact for each in bank.load({"made_up": (tmp_path, SOLUTION.encode())}).variations] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WORDS + '[[variation]]\nexercise = "f"\nedits = [["x + 2", "x"]]\n', "holds 0 times, not once"),
        (WORDS + '[[variation]]\nexercise = "g"\nedits = [["x + 1", "x"]]\n', "has no g"),
        (WORDS + '[[variation]]\nexercise = "f"\nedits = [["return", "return ("]]\n', "does not compile"),
        (WORDS, "needs a variation"),
        ('colour = "red"\n' + WORDS, "unknown key colour"),
        ('[[variation]]\nexercise = "f"\nedits = [["x + 1", "x"]]\n', "no assignment has its words"),
        ("title = 3\n", "needs a text in each"),
        ("title = [", "mistakes/odd.toml"),
    ],
)
def test_a_file_that_is_not_right_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    """Each error names the file and what is wrong with it."""
    (tmp_path / "mistakes").mkdir()
    (tmp_path / "mistakes" / "odd.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=re.escape(says)) as refused:
        bank.verify(bank.load({"made_up": (tmp_path, SOLUTION.encode())}))
    assert "odd" in str(refused.value)


def test_trees_are_made_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads must not be in ast.parse at once: older Pythons raise SystemError then, and a name is lost."""
    inside, most = 0, 0

    def slowly(source: str | bytes) -> ast.Module:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        inside -= 1
        return ast.Module([], [])

    monkeypatch.setattr("grader.bank.ast.parse", slowly)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bank.parsed, [b""] * 4))
    assert most == 1
