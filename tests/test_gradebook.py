"""The gradebook: what is put in comes out, once for all, and nothing that happens to the file is passed over."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from grades import hostile_grade, sample_grade
from made_up import GOOD, evidence, problem, replaced
from test_notebooks import notebook

from grader import attempts, saved
from grader.answers import Alike, Answer
from grader.attempts import Attempt as Earlier
from grader.attempts import History
from grader.database import FILE, FORMAT
from grader.errors import RunError, StorageError
from grader.evidence import Evidence, plain
from grader.gradebook import GRADED, Attempt, Gradebook, Row
from grader.model import Demonstration, Grade, Override, SmallestCall
from grader.submission import Submission
from grader.wire.records import Found

ALICE = Row(b"alice", "alice", "content", GRADED, "", "key", True, 1.5, "2026-11-23T10:00:00+00:00")
NOW = "2026-11-23T10:00:00+00:00"


@pytest.fixture
def gradebook(tmp_path: Path) -> Iterator[Gradebook]:
    """Give a new gradebook."""
    with Gradebook(tmp_path / "run") as opened:
        yield opened


def same(one: Evidence, other: Evidence) -> bool:
    """Whether two evidences hold the same, arrays included."""
    (header, arrays), (others, more) = plain(one), plain(other)
    equal = all(np.array_equal(array, more[name], equal_nan=True) for name, array in arrays.items())
    return header == others and arrays.keys() == more.keys() and equal


def test_answers_come_back_as_they_were(gradebook: Gradebook) -> None:
    """Evidence with arrays, exceptions and deaths, and a demonstration, should be what was put in, by code."""
    broken = replaced(GOOD, build_1=problem())
    shown = Demonstration(call=SmallestCall("print(1)", "1", "2"), before=3)
    for asked, given in (("a", GOOD), ("b", broken), ("c", shown)):
        gradebook.put_answer(Answer("code", asked, "under", given))
    gradebook.put_answer(Answer("other code", "a", "under", broken))
    found = gradebook.answers("code")
    assert set(found) == {"a", "b", "c"}
    for asked, given in (("a", GOOD), ("b", broken)):
        back = found[asked].unpack()
        assert isinstance(back, Evidence)
        assert same(back, given)
    assert found["c"].unpack() == shown
    assert gradebook.count_answers(["code", "other code", "code"]) == 4


def test_what_many_answer_alike_is_kept_once(gradebook: Gradebook) -> None:
    """The same arrays from another submission should take no more room than their mention."""
    gradebook.put_answer(Answer("one", "a", "", evidence()))
    before = gradebook._all("SELECT count(*) FROM blob")
    gradebook.put_answer(Answer("two", "a", "", evidence()))
    assert gradebook._all("SELECT count(*) FROM blob") == before
    assert before[0][0] > 0


def test_what_a_form_answered_is_kept_once_and_told_with_its_place(gradebook: Gradebook) -> None:
    """Code of one form should give one answer, but for where the exercise stands; its own answer comes before."""
    gradebook.put_answer(Answer("form", "a", "under", GOOD))
    for code, line in (("one", 3), ("two", 7)):
        gradebook.put_answer(Answer(code, "a", "under", Alike("form", f"{code}.py", line)))
    assert gradebook.count_answers(["one", "two"]) == 2
    for code, line in (("one", 3), ("two", 7)):
        kept = gradebook.answers(code)["a"]
        back = kept.unpack()
        assert isinstance(back, Evidence)
        found = back.get("find", Found)
        assert kept.under == "under"
        assert found is not None
        assert (found.file, found.line) == (f"{code}.py", line)
        there = replace(GOOD.outcomes["find"], record=found)
        assert same(back, Evidence({**GOOD.outcomes, "find": there}, GOOD.output))
    broken = replaced(GOOD, build_1=problem())
    gradebook.put_answer(Answer("two", "a", "later", broken))
    own = gradebook.answers("two")["a"].unpack()
    assert isinstance(own, Evidence)
    assert same(own, broken)
    gradebook.put_answer(Answer("two", "a", "later", Alike("form", "two.py", 9)))
    assert gradebook.answers("two")["a"].under == "under"
    assert gradebook.count_answers(["two"]) == 1


@pytest.mark.parametrize("grade", [sample_grade(), hostile_grade()], ids=["sample", "hostile"])
def test_a_grade_comes_back_for_whoever_handed_that_in(gradebook: Gradebook, grade: Grade) -> None:
    """A grade should be read back exactly, its time from a column, under the name that asks."""
    gradebook.put_grade("key", "content", replace(grade, seconds=3.25), GRADED, "", NOW)
    back = gradebook.grade("key", "zoe")
    assert repr(back) == repr(replace(grade, submission="zoe", seconds=3.25))
    assert gradebook.judged("key") == (GRADED, "", 3.25, NOW)
    assert gradebook.grade("other", "zoe") is None


def test_a_submission_can_be_judged_again_from_what_is_kept(gradebook: Gradebook) -> None:
    """Its hashes, lines, cells and notes should be there; data files are named alone."""
    files = {"a/layers.py": b"x = 1\n\xff", "build.ipynb": notebook("y = 2", "z = 3"), "weights.pt": b"\0" * 5_000}
    given = Submission("alice", files, ("a note",), {"b.zip": "an archive"})
    assert given.module("build") is not None  # which reads the notebook
    gradebook.keep(given)
    back = gradebook.collected(given.content, "alice")
    assert back is not None
    assert (back.fingerprint, back.content, back.hashes) == (given.fingerprint, given.content, given.hashes)
    assert (back.notes, back.left_out) == (given.notes, given.left_out)
    for name in ("layers", "build"):
        module = given.module(name)
        assert module is not None
        assert back.module(name) == module
        assert back.code(module) == given.code(module)
    assert back.lines("a/layers.py") == given.lines("a/layers.py")
    assert back.lines("build.ipynb, cell 2") == ["z = 3"]
    assert back.files["weights.pt"] == b""


def test_the_last_decision_holds(gradebook: Gradebook) -> None:
    """Of several decisions on an exercise the last should hold; one without points gives it back to the checks."""
    for exercise, points in (("a.One", 1.0), ("a.Two", 2.0), ("a.One", 3.0), ("a.Two", None)):
        gradebook.override(b"alice", exercise, points, "why", "ann", NOW)
    gradebook.override(b"bob", "a.One", 9.0, "why", "ann", NOW)
    assert gradebook.overrides(b"alice") == (Override("a.One", 3.0, "why", "ann", NOW),)


def test_rows_come_by_name_without_those_that_are_gone(gradebook: Gradebook) -> None:
    """Any folder name should do, and one that is no longer there be left out, not lost."""
    for folder in (b"zoe", b"b\xff", b"alice"):
        gradebook.enter(replace(ALICE, folder=folder))
    assert gradebook.only([b"alice", b"b\xff"]) == 1
    assert [row.folder for row in gradebook.rows()] == [b"alice", b"b\xff"]
    assert gradebook.row(b"zoe") == replace(ALICE, folder=b"zoe", present=False)


def test_attempts_stay_until_they_end(gradebook: Gradebook) -> None:
    """What was begun should be there for the next run, and gone once it ended."""
    attempt = Attempt("key", alone=True, answers=3, strikes=1)
    gradebook.begin(attempt)
    assert gradebook.attempt("key") == attempt
    gradebook.end("key")
    assert gradebook.attempt("key") is None


def test_what_belongs_to_nobody_is_forgotten(gradebook: Gradebook) -> None:
    """Tidying should take what no submission refers to, and nothing else."""
    for key in ("key", "old"):
        gradebook.put_grade(key, "content", sample_grade(), GRADED, "", NOW)
    gradebook.enter(ALICE)
    gradebook.tidy()
    assert gradebook.grade("key", "alice") is not None
    assert gradebook.grade("old", "alice") is None


def test_a_transaction_is_all_or_nothing(gradebook: Gradebook) -> None:
    """What an exception ends should leave nothing behind."""

    def interrupted() -> None:
        with gradebook.transaction():
            gradebook.enter(ALICE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert gradebook.row(b"alice") is None
    with gradebook.transaction():
        gradebook.enter(ALICE)
    assert gradebook.row(b"alice") == ALICE


def test_there_is_one_writer(gradebook: Gradebook, tmp_path: Path) -> None:
    """A second program should be refused in clear words, and come in once the first has ended, however it did."""
    code = (
        "import sys; from pathlib import Path; from grader.gradebook import Gradebook\n"
        "Gradebook(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with pytest.raises(RunError, match="in use by another"):
        Gradebook(tmp_path / "run")
    command = [sys.executable, "-c", code, str(tmp_path / "other")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(RunError, match="in use by another"):
            Gradebook(tmp_path / "other")
        holder.kill()
        holder.wait()
    Gradebook(tmp_path / "other").close()


def altered(folder: Path, *changes: str) -> Path:
    """Make a gradebook, and change it by hand."""
    Gradebook(folder).close()
    connection = sqlite3.connect(folder / FILE)
    for change in changes:
        connection.execute(change)
    connection.commit()
    connection.close()
    return folder


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (f"PRAGMA user_version = {FORMAT + 1}", "use the newer version"),
        ("PRAGMA user_version = 0", "no version of grade writes"),
        ("PRAGMA application_id = 7", "is not a gradebook"),
    ],
)
def test_a_file_of_another_kind_says_why_it_does_not_open(tmp_path: Path, change: str, says: str) -> None:
    """A newer format should name the way out, a foreign file be left alone."""
    with pytest.raises(RunError, match=says):
        Gradebook(altered(tmp_path / "run", change))


def test_a_gradebook_of_the_first_format_goes_on(tmp_path: Path) -> None:
    """What was written before answers of forms were kept once should be read, and be added to."""
    with Gradebook(tmp_path / "run") as first:
        first.put_answer(Answer("code", "a", "under", GOOD))
    drops = [f"DROP TABLE {table}" for table in ("alike", "earlier", "counted")]
    altered(tmp_path / "run", *drops, "PRAGMA user_version = 1")
    for _ in range(2):
        with Gradebook(tmp_path / "run") as gradebook:
            assert gradebook.history(ALICE) == History()
            gradebook.put_answer(Answer("other", "a", "under", Alike("code", "one.py", 1)))
            assert set(gradebook.answers("code")) == set(gradebook.answers("other")) == {"a"}


def test_a_gradebook_of_the_second_format_goes_on(tmp_path: Path) -> None:
    """What was written before earlier attempts were kept should be read, and be added to."""
    Gradebook(tmp_path / "run").close()
    altered(tmp_path / "run", "DROP TABLE earlier", "DROP TABLE counted", "PRAGMA user_version = 2")
    for _ in range(2):
        with Gradebook(tmp_path / "run") as gradebook:
            assert gradebook.history(ALICE) == History()


def test_a_gradebook_of_the_third_format_goes_on(tmp_path: Path) -> None:
    """What was written before attempts were counted should be read, its students not be counted, but new ones be."""
    with Gradebook(tmp_path / "run") as before:
        for content in ("one", "two"):
            before.put_grade(content, content, sample_grade(), GRADED, "", NOW)
            before.enter(replace(ALICE, content=content, result=content))
    altered(
        *(tmp_path / "run", "DROP TABLE counted", "ALTER TABLE earlier DROP COLUMN number", "PRAGMA user_version = 3")
    )
    bob = replace(ALICE, folder=b"bob", content="two", result="two")
    with Gradebook(tmp_path / "run") as gradebook:
        alice = gradebook.row(b"alice")
        assert alice is not None
        assert gradebook.history(alice) == History(0, attempts.of(sample_grade(), "one", ALICE.time))
        for row in (bob, replace(ALICE, content="three", result="three")):
            gradebook.enter(row)
        assert gradebook.history(bob) == History(1)
        assert gradebook.history(replace(ALICE, content="three")).number == 0


def test_the_attempt_before_is_kept(gradebook: Gradebook) -> None:
    """A resubmission should leave the verdicts of the one before, tidied or not; a regrade, or what cannot be graded,
    should change nothing about it."""

    def attempt(content: str, key: str) -> None:
        row = replace(ALICE, content=content, result=key)
        if key:
            gradebook.put_grade(key, content, sample_grade(), GRADED, "", NOW)
        gradebook.enter(row)
        gradebook.tidy()
        history = gradebook.history(row)
        before = history.before or Earlier("", "", {})
        found.append((history.number, before.content, before.number))

    found: list[tuple[int, str, int]] = []
    for content, key in (("one", "1"), ("one", "1 regraded"), ("two", "2"), ("", ""), ("three", "3"), ("three", "4")):
        attempt(content, key)
    first, second, third, none = (1, "", 0), (2, "one", 1), (3, "two", 2), (0, "two", 2)
    assert found == [first, first, second, none, third, third]
    kept = gradebook.history(replace(ALICE, content="three")).before
    assert kept == replace(attempts.of(sample_grade(), "two", ALICE.time), number=2)


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    """Damage should be said, with what to do, and leave the lock free."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / FILE).write_bytes(b"no database at all" * 100)
    for _ in range(2):
        with pytest.raises(RunError, match="damaged"):
            Gradebook(folder)


def test_a_folder_without_a_gradebook_is_named(tmp_path: Path) -> None:
    """A regrade of nothing should not make a gradebook."""
    with pytest.raises(RunError, match="holds no gradebook"):
        Gradebook(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_record_is_named(gradebook: Gradebook) -> None:
    """A grade or an answer that cannot be read should raise, not come back half."""
    gradebook.put_grade("key", "content", sample_grade(), GRADED, "", NOW)
    gradebook._put("UPDATE result SET grade = ?", saved.pack(())[:-2])
    with pytest.raises(RunError, match="grade of alice cannot be read"):
        gradebook.grade("key", "alice")
    gradebook.put_answer(Answer("code", "a", "", GOOD))
    gradebook._put("DELETE FROM blob")
    with pytest.raises(RunError, match="is missing"):
        gradebook.answers("code")


def fill(gradebook: Gradebook) -> None:
    """Write more than there is room for."""
    with gradebook.transaction():
        for number in range(1000):
            gradebook.enter(replace(ALICE, folder=b"%d" % number))


def test_a_full_disk_is_said_and_what_was_committed_stays(tmp_path: Path) -> None:
    """Writing beyond the room there is should end with words; what was there before should be there after."""
    with Gradebook(tmp_path) as gradebook:
        gradebook.enter(ALICE)
        pages = gradebook._all("PRAGMA page_count")[0][0]
        gradebook._put(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError, match="disk is full") as refusal:
            fill(gradebook)
        assert refusal.value.exit_code == 4
        assert [row.folder for row in gradebook.rows()] == [b"alice"]
    with Gradebook(tmp_path) as gradebook:
        assert [row.folder for row in gradebook.rows()] == [b"alice"]


@pytest.mark.parametrize("kept", [0, 40, 5_000, 9_000, 20_000, -1])
def test_a_journal_that_a_power_cut_shortened_loses_the_last_at_most(tmp_path: Path, kept: int) -> None:
    """Whatever is left of the write-ahead log, the gradebook should open and hold the first commits, whole."""
    with Gradebook(tmp_path / "run") as gradebook:
        for number in range(8):
            with gradebook.transaction():
                gradebook.enter(replace(ALICE, folder=b"%d" % number))
                gradebook.put_grade(str(number), "content", sample_grade(), GRADED, "", NOW)
        shutil.copytree(tmp_path / "run", tmp_path / "cut")
    log = tmp_path / "cut" / f"{FILE}-wal"
    content = log.read_bytes()
    log.write_bytes(content[:kept] if kept >= 0 else content)
    (tmp_path / "cut" / f"{FILE}-shm").unlink(missing_ok=True)
    with Gradebook(tmp_path / "cut") as gradebook:
        found = [int(row.folder) for row in gradebook.rows()]
        assert found == list(range(len(found)))
        assert all(gradebook.grade(str(number), "x") is not None for number in found)
        assert gradebook._all("SELECT count(*) FROM result") == [(len(found),)]
        assert len(found) == 8 or kept >= 0
