"""A class with made-up workers: everybody once, nothing twice, and nothing lost, whatever interrupts it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_up
import pytest
from made_up import GOOD, POINTS, exercise, problem, replaced, script

from grader import batch, language, publishing, saved, submission
from grader.asking import TRIES
from grader.batch import STRIKES, Batch, Work
from grader.course import Course
from grader.entry import Entry
from grader.errors import SandboxError, StorageError, WorkerLost
from grader.gradebook import ERROR, GRADED, QUARANTINED, UNGRADABLE, Attempt, Gradebook
from grader.grading import Grader
from grader.model import Status
from grader.plan import Settings
from grader.sandbox.fake import FakeSandbox
from grader.sandbox.limits import MEMORY_LIMIT, Death
from grader.standing import Standing, Watch
from grader.store import Store
from grader.submission import Submission

EXAMINED = exercise(training=None, band=None, points={k: v for k, v in POINTS.items() if k != "training"})
SETTINGS = Settings(seed=3)
NAMES = ("ann", "bob", "carol", "dan", "eve")


@pytest.fixture
def made(course: Course) -> Course:
    """Give a course of one exercise that is examined."""
    return made_up.course(course.root, EXAMINED)


class World:
    """A class, a sandbox that counts, and a run folder."""

    def __init__(self, folder: Path, course: Course) -> None:
        self.folder, self.course = folder, course
        self.sources = {name: f"class Small: '{name} mine'\n" for name in NAMES}
        self.special: dict[bytes, Any] = {b"bob": script(replaced(GOOD, build_1=problem()))}
        self.sandbox = self.fresh()

    def fresh(self) -> FakeSandbox:
        """Give a sandbox that nobody asked yet."""
        self.sandbox = FakeSandbox(script(GOOD), self.special)
        return self.sandbox

    def work(self, *again: str) -> list[Work]:
        """Give the class, some of it once more."""

        def one(name: str) -> Work:
            files = {"made_up.py": self.sources[name].encode()} if self.sources[name] else {"notes.txt": b"x"}
            return Work(name.encode(), name, lambda: Submission(name, files), name in again)

        return [one(name) for name in sorted(self.sources)]

    def grade(
        self, *again: str, watch: Watch | None = None, course: Course | None = None, asks: bool = True, **more: Any
    ) -> Standing:
        """Grade the class into the run folder."""
        with Gradebook(self.folder / "run") as gradebook:
            if "pages" in more:
                there = gradebook._all("PRAGMA page_count")[0][0]
                gradebook._put(f"PRAGMA max_page_count = {there + more.pop('pages')}")
            store = Store(self.folder / "store")
            with Grader(course or self.course, self.sandbox, SETTINGS, store, workers=2, reuses=False) as grader:
                work = self.work(*again)
                gradebook.only(each.folder for each in work)
                return Batch(grader, gradebook, asks, **more).run(work, len(work), watch)

    @property
    def entries(self) -> dict[str, Entry]:
        """What the gradebook holds."""
        with Gradebook(self.folder / "run") as gradebook:
            return {entry.name: entry for entry in publishing.entries(gradebook)}

    @property
    def states(self) -> dict[str, str]:
        """What became of everybody."""
        with Gradebook(self.folder / "run") as gradebook:
            return {row.name: row.state for row in gradebook.rows()}


@pytest.fixture
def world(tmp_path: Path, made: Course) -> World:
    """Give the class of five."""
    return World(tmp_path, made)


def contents(folder: Path) -> dict[str, Any]:
    """All that a gradebook holds, times aside."""
    with Gradebook(folder) as gradebook:
        rows = {row.name: replace(row, seconds=0.0, time="") for row in gradebook.rows()}
        found = {row.name: gradebook.grade(row.result, "") for row in rows.values() if row.result}
        grades = {name: saved.pack(replace(grade, seconds=0.0)) for name, grade in found.items() if grade}
        answers = gradebook._all("SELECT * FROM answer ORDER BY code, asked")
        blobs = gradebook._all("SELECT * FROM blob ORDER BY hash")
        return {"rows": rows, "grades": grades, "answers": answers, "blobs": blobs}


class Stops(Watch):
    """Ends a batch when so many are done."""

    def __init__(self, after: int, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.after, self.error = after, error

    def tell(self, standing: Standing) -> None:
        if standing.done >= self.after:
            raise self.error


def lines(sandbox: FakeSandbox) -> int:
    """How many workers were started."""
    return len(sandbox.lines)


def test_everybody_is_graded_once(world: World) -> None:
    """All should be in the gradebook, by name, as if graded alone; the same again should ask nobody."""
    standing = world.grade()
    assert (standing.done, standing.graded, standing.known) == (5, 5, 0)
    assert list(world.entries) == list(NAMES)
    with Grader(world.course, world.fresh(), SETTINGS, Store(world.folder / "store"), reuses=False) as grader:
        for name, entry in world.entries.items():
            alone = grader.grade_collected(Submission(name, {"made_up.py": world.sources[name].encode()}))
            assert replace(alone, seconds=0.0) == replace(entry.grade, seconds=0.0)  # type: ignore[type-var]
    scores = {name: entry.grade.score for name, entry in world.entries.items() if entry.grade}
    assert scores.pop("bob") < 9.0
    assert set(scores.values()) == {9.0}
    world.fresh()
    assert world.grade().known == 5
    assert lines(world.sandbox) == 0


def test_only_what_changed_is_asked_again(world: World) -> None:
    """One new file should take one worker; one who left, none."""
    world.grade()
    world.fresh()
    world.sources["eve"] += "# new\n"
    del world.sources["ann"]
    standing = world.grade()
    assert (standing.graded, standing.known) == (4, 3)
    assert lines(world.sandbox) == 1
    assert list(world.entries) == ["bob", "carol", "dan", "eve"]


def test_twins_are_asked_once(world: World) -> None:
    """Those who hand in the same should share one worker, and each have a grade under the own name."""
    world.sources = dict.fromkeys(NAMES, "class Small: 'mine'\n")
    world.grade()
    assert lines(world.sandbox) == 2  # one of them the reference's
    assert {name: entry.grade.submission for name, entry in world.entries.items() if entry.grade} == {
        name: name for name in NAMES
    }


def test_what_cannot_be_graded_keeps_its_place(world: World) -> None:
    """A folder without a file should be said, with its reason, and be tried again only when it is changed."""
    world.sources["bob"] = ""
    assert world.grade().ungradable == 1
    entry = world.entries["bob"]
    assert entry.grade is None
    assert "holds none of the files asked for" in entry.trouble
    assert world.states["bob"] == UNGRADABLE
    world.sources["bob"] = "class Small: 'late'\n"
    assert world.grade().graded == 5


@pytest.mark.parametrize("after", range(5))
def test_an_interrupt_loses_nothing(world: World, after: int, tmp_path: Path) -> None:
    """Whenever Ctrl-C comes, what was finished should stay, and the next run end where one run would have."""
    whole = World(tmp_path / "whole", world.course)
    whole.grade()
    with pytest.raises(KeyboardInterrupt):
        world.grade(watch=Stops(after))
    before = len(world.states)
    assert before >= after
    world.fresh()
    world.grade()
    assert contents(world.folder / "run") == contents(whole.folder / "run")


@pytest.mark.parametrize("pages", [0, 1, 3])
def test_a_full_disk_stops_the_batch_and_the_next_goes_on(world: World, pages: int, tmp_path: Path) -> None:
    """What was committed before the disk was full should be kept; with room the rest should follow."""
    whole = World(tmp_path / "whole", world.course)
    whole.grade()
    with pytest.raises(StorageError, match="disk is full"):
        world.grade(pages=pages)
    assert len(world.states) < 5
    world.fresh()
    assert world.grade().done == 5
    assert contents(world.folder / "run") == contents(whole.folder / "run")


def test_few_are_in_flight_at_a_time(world: World) -> None:
    """However many there are, no more should be taken in than the window holds."""
    taken: list[str] = []

    class Counts(Watch):
        most = 0

        def tell(self, standing: Standing) -> None:
            self.most = max(self.most, len(taken) - standing.done)

    original = world.work

    def work(*again: str) -> list[Work]:
        def noted(each: Work) -> Callable[[], Submission]:
            return lambda: (taken.append(each.name), each.collect())[1]

        return [replace(each, collect=noted(each)) for each in original(*again)]

    world.work, counts = work, Counts()  # type: ignore[method-assign]
    world.grade(watch=counts, window=2)
    assert taken == list(NAMES)
    assert 1 <= counts.most <= 3  # those in flight, and the one just taken in


def losing(times: int) -> Callable[..., Any]:
    """Make a script whose worker is lost so often, and then answers."""
    left = [times]

    def play(op: str, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        if op == "find" and left[0] > 0:
            left[0] -= 1
            return WorkerLost("the zygote is gone")
        return script(GOOD)(op, params, arrays)

    return play


def test_a_worker_that_is_lost_is_replaced(world: World) -> None:
    """A zygote that somebody killed should cost nobody anything."""
    world.special = {b"carol": losing(TRIES - 1)}
    world.fresh()
    assert world.grade().graded == 5
    assert world.entries["carol"].grade.score == 9.0  # type: ignore[union-attr]


def test_who_loses_the_worker_every_time_is_an_error_of_ours(world: World) -> None:
    """It should be said, never the student's fault, not be tried for ever, and once more when asked to."""
    world.special = {b"carol": losing(10**6)}
    world.fresh()
    standing = world.grade()
    assert (standing.graded, standing.errors) == (4, 1)
    entry = world.entries["carol"]
    assert world.states["carol"] == ERROR
    assert entry.grade is not None
    assert entry.grade.exercises[0].status is Status.ERROR
    world.special = {}
    world.fresh()
    assert world.grade().errors == 1
    assert lines(world.sandbox) == 0
    assert world.grade("carol").graded == 5
    assert world.entries["carol"].grade.score == 9.0  # type: ignore[union-attr]


def test_who_kills_every_worker_is_set_aside(world: World) -> None:
    """After some tries it should be graded as it is, marked, and left alone until somebody asks."""
    world.special = {b"dan": script(replaced(GOOD, build_1=Death(MEMORY_LIMIT, "the kernel ended it")))}
    world.fresh()
    assert world.grade().quarantined == 1
    entry = world.entries["dan"]
    assert entry.quarantined
    assert f"{TRIES} times" in entry.trouble
    assert entry.grade is not None
    assert sum(b"dan" in source for source in asked_sources(world.sandbox)) == TRIES
    world.special = {}
    world.fresh()
    assert world.grade().quarantined == 1
    assert world.grade("dan").quarantined == 0


def asked_sources(sandbox: FakeSandbox) -> Iterator[bytes]:
    """What each worker was given to load: told by the script that it followed."""
    for line in sandbox.lines:
        marks = [mark for mark, play in line._special.items() if play is line._script]
        yield marks[0] if marks else b""


def begun(world: World, name: str, alone: bool, strikes: int, answers: int = 0) -> None:
    """Leave an attempt behind, as a grader does that ends in the middle of it."""
    with Gradebook(world.folder / "run") as gradebook, Grader(
        world.course, world.sandbox, SETTINGS, Store(world.folder / "store"), reuses=False
    ) as grader:  # fmt: skip
        (work,) = [each for each in world.work() if each.name == name]
        judged_by = Batch(grader, gradebook)._judged_by
        gradebook.begin(Attempt(submission.hashed(work.collect().content, judged_by), alone, answers, strikes))


def test_what_was_in_flight_when_the_grader_ended_is_graded_alone(world: World) -> None:
    """A submission that may have ended the grader should come last, with nobody beside it, and be forgiven after."""
    begun(world, "ann", alone=False, strikes=0)
    order: list[str] = []
    special = world.special

    def noting(name: str, play: Any) -> Any:
        def noted(op: str, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
            if op == "load":
                order.append(name)
            return play(op, params, arrays)

        return noted

    world.special = {name.encode(): noting(name, special.get(name.encode(), script(GOOD))) for name in NAMES}
    world.fresh()
    assert world.grade().graded == 5
    assert order[-1] == "ann"
    with Gradebook(world.folder / "run") as gradebook:
        assert gradebook._all("SELECT * FROM attempt") == []


@pytest.mark.parametrize(
    ("strikes", "answers", "state"),
    [(STRIKES - 1, 0, QUARANTINED), (STRIKES - 2, 0, GRADED), (STRIKES - 1, -1, GRADED)],
    ids=["once too often", "not yet", "with something to show for it"],
)
def test_who_ends_the_grader_every_time_is_set_aside(world: World, strikes: int, answers: int, state: str) -> None:
    """A submission that was alone each time, and answered nothing new, should not be tried for ever."""
    begun(world, "eve", alone=True, strikes=strikes, answers=answers)
    world.fresh()
    world.grade()
    assert world.states["eve"] == state
    assert world.entries["eve"].quarantined == (state == QUARANTINED)
    if state == QUARANTINED:
        assert f"{STRIKES + 1} times" in world.entries["eve"].trouble
        assert world.grade("eve").quarantined == 0


def test_another_rubric_asks_nobody(world: World) -> None:
    """With other points the same answers should be judged again, without a worker."""
    world.grade()
    world.fresh()
    dearer = replace(EXAMINED, points=EXAMINED.points | {"defined": 5.0})
    world.grade(course=made_up.course(world.course.root, dearer))
    assert lines(world.sandbox) == 0
    assert world.entries["ann"].grade.score == 13.0  # type: ignore[union-attr]


def test_a_class_is_its_folders(made: Course, tmp_path: Path) -> None:
    """A link, an empty folder and a coding line that is none should cost nobody else anything; the run folder is none
    of the class."""
    root = tmp_path / "class"
    for name in ("ann", "bob", "carol"):
        (root / name).mkdir(parents=True)
    (root / "ann/made_up.py").write_text("# coding: rot13")
    (root / "carol/made_up.py").write_text("")
    (root / "dan\n").symlink_to(root / "ann")
    sandbox = FakeSandbox(script(GOOD), {b"rot13": script(replaced(GOOD, load=problem("SyntaxError", "rot13")))})
    with (
        Gradebook(root / "run") as gradebook,
        Grader(made, sandbox, SETTINGS, Store(tmp_path)) as grader,
    ):
        work = batch.submissions(root, root / "run")
        assert Batch(grader, gradebook).run(work, len(work)).graded == 2
        found = {row.name: (row.state, row.trouble) for row in gradebook.rows()}
    assert list(found) == ["ann", "bob", "carol", "dan\\n"]
    assert {name for name, (state, _) in found.items() if state == GRADED} == {"ann", "carol"}
    assert "holds no file" in found["bob"][1]
    assert "it is a link" in found["dan\\n"][1]


def test_an_error_in_judging_costs_one_submission(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours outside all checks should be an error of that submission, and the batch go on."""
    original = Grader.grade_collected

    def graded(self: Grader, collected: Submission, *rest: Any) -> Any:
        if collected.name == "bob":
            raise ZeroDivisionError("ours")
        return original(self, collected, *rest)

    monkeypatch.setattr(Grader, "grade_collected", graded)
    assert world.grade().errors == 1
    assert "ZeroDivisionError" in world.entries["bob"].trouble
    assert world.states["ann"] == GRADED


def test_a_sandbox_that_is_gone_for_good_is_no_students_fault(world: World) -> None:
    """Where no worker can be started at all, everybody should be an error of ours, and be graded another time."""
    world.sandbox.broken = SandboxError("no walls")
    assert world.grade().errors == 5
    world.fresh()
    assert world.grade(*NAMES).graded == 5


def test_a_resubmission_is_compared_to_the_one_before(world: World) -> None:
    """Its page should say what has changed, however often pages are written; pages of others should say nothing."""
    world.grade()
    world.sources["ann"] += "\n# once more"
    for _ in range(2):
        world.grade()
        with Gradebook(world.folder / "run") as gradebook:
            publishing.publish(gradebook)
            gradebook.tidy()
        pages = {path.stem: path.read_text() for path in (world.folder / "run" / "reports").iterdir()}
        assert [name for name, page in pages.items() if "Since attempt 1, of" in page] == ["ann"]


def test_each_grade_is_read_once_for_all_that_is_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, results, class and table should come of one reading: unpacking is what most of the time goes into."""
    world.grade()
    read: list[str] = []
    reading = Gradebook.grade
    monkeypatch.setattr(Gradebook, "grade", lambda book, key, name: (read.append(name), reading(book, key, name))[1])
    with Gradebook(world.folder / "run") as gradebook:
        rows = [row.name for row in gradebook.rows() if row.result]
        publishing.publish(gradebook)
    assert read == rows
    assert len(rows) > 1


def test_pages_are_written_again_in_another_language(world: World) -> None:
    """A page in one language should not pass for one in another."""
    world.grade()
    file = world.folder / "run" / "reports" / "ann.html"
    with Gradebook(world.folder / "run") as gradebook:
        publishing.publish(gradebook)
        english = file.read_text()
        language.speak("zh")
        try:
            publishing.publish(gradebook)
        finally:
            language.speak("en")
        assert '<html lang="zh-Hans">' in file.read_text()
        publishing.publish(gradebook)
        assert file.read_text() == english


def test_pages_and_results_are_written_from_the_gradebook(world: World) -> None:
    """Each should be there once, in order; leftovers, pages of those who left, and damage be mended."""
    world.sources["carol"] = ""
    world.grade()
    run = world.folder / "run"
    with Gradebook(run) as gradebook:
        publishing.publish(gradebook)
        reports = sorted(path.name for path in (run / "reports").iterdir())
        assert reports == ["ann.html", "bob.html", "dan.html", "eve.html"]
        results = (run / "results.jsonl").read_text().splitlines()
        assert [json.loads(line)["submission"] for line in results] == ["ann", "bob", "dan", "eve"]
        first = {name: (run / "reports" / name).read_bytes() for name in reports}
        written = {name: (run / "reports" / name).stat().st_mtime_ns for name in reports}
        (run / "reports" / "ann.html").write_bytes(b"")  # as a power cut leaves it
        (run / "reports" / ".0123456789abcdef.part").write_bytes(b"half")
        (run / "reports" / "mine.txt").write_bytes(b"somebody's own")
        gradebook.only([b"ann", b"bob", b"carol", b"dan"])
        publishing.publish(gradebook)
        assert sorted(path.name for path in (run / "reports").iterdir()) == [
            "ann.html",
            "bob.html",
            "dan.html",
            "mine.txt",
        ]
        assert (run / "reports" / "ann.html").read_bytes() == first["ann.html"]
        assert (run / "reports" / "bob.html").stat().st_mtime_ns == written["bob.html"]


def test_turns_are_shared_or_alone() -> None:
    """Whoever wants to be alone should wait for those under way, and keep new ones waiting."""
    from grader.asking import _Turns

    turns, order = _Turns(), []
    first_in, let_go = threading.Event(), threading.Event()

    def first() -> None:
        with turns.taken(alone=False):
            first_in.set()
            let_go.wait(5)
            order.append("first")

    def alone() -> None:
        with turns.taken(alone=True):
            order.append("alone")

    def later() -> None:
        with turns.taken(alone=False):
            order.append("later")

    threads = [threading.Thread(target=first), threading.Thread(target=alone), threading.Thread(target=later)]
    threads[0].start()
    first_in.wait(5)
    threads[1].start()
    while not turns._want_alone:
        pass
    threads[2].start()
    let_go.set()
    for thread in threads:
        thread.join(5)
    assert order == ["first", "alone", "later"]
