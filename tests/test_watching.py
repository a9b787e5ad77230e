"""Watching a folder: what is asked again after a save, verdicts as they come, and the board that is kept of it."""

from __future__ import annotations

import dataclasses
import fcntl
import io
import os
import pty
import queue
import re
import signal
import struct
import termios
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import grades
import made_up
import pytest
from rich.cells import cell_len
from rich.console import Console

from grader import board as boards
from grader import checks
from grader.answers import Alike, Answer
from grader.board import Begun, Board, Saved, Seen, Settled, Since, Trouble
from grader.cli.keys import Keys
from grader.cli.saves import Saved as Filter
from grader.cli.watch import Screen
from grader.desk import Dropped, Stoppable
from grader.evidence import Evidence, NotYet, Partial
from grader.grading import Grader
from grader.model import Verdict
from grader.plan import Settings
from grader.recollection import Recollection
from grader.report.screen import console_on
from grader.report.watch import Around, screen
from grader.sandbox.fake import FakeSandbox
from grader.sandbox.limits import DEFAULT
from grader.store import Store
from grader.watching import Watching, _Round, edited
from grader.wire.records import Loaded

PASSED, FAILED = Verdict.PASSED, Verdict.FAILED


def seen(verdict: Verdict, name: str = "made_up.Small", waiting: tuple[str, ...] = ()) -> Seen:
    """Verdicts of an exercise with one check."""
    return Seen(grades.exercise(name, grades.check("forward", verdict, 2)), waiting)


def board_after(*events: boards.Event) -> Board:
    """The board once all of that has happened."""
    board = Board()
    for event in events:
        board = boards.after(board, event)
    return board


def test_what_became_of_checks_since_the_save_is_counted() -> None:
    """A check that failed and passes is fixed, one that fails and did not is new, one that waits is neither."""
    first = (Saved(1), seen(FAILED, "a.A"), seen(PASSED, "a.B"), seen(FAILED, "a.C"))
    assert board_after(*first).since == Since(fixed=0, new=0, open=2)
    second = (*first, Saved(2), seen(PASSED, "a.A"), seen(FAILED, "a.B"))
    assert board_after(*second).since == Since(fixed=1, new=1, open=2)
    assert board_after(*second, seen(PASSED, "a.A", waiting=("forward",))).since.fixed == 0


def test_a_check_that_was_skipped_meanwhile_is_not_forgotten() -> None:
    """What failed, then had no verdict, and passes in the end should count as fixed then, not before."""
    between = (Saved(1), seen(FAILED), Saved(2), seen(Verdict.SKIPPED))
    assert board_after(*between).since == Since(0, 0, 0)
    assert board_after(*between, Saved(3), seen(PASSED)).since == Since(1, 0, 0)


def test_what_failed_is_asked_first() -> None:
    """Then what is not known or not whole, then the rest, each in the order of the course."""
    board = board_after(seen(PASSED, "a.A"), seen(FAILED, "a.B"), seen(PASSED, "a.D"), seen(FAILED, "a.E"))
    ranks = boards.ranks(board, ["a.A", "a.B", "a.C", "a.D", "a.E"])
    assert sorted(ranks, key=ranks.__getitem__) == ["a.B", "a.E", "a.C", "a.A", "a.D"]
    assert boards.failed(board) == {"a.B", "a.E"}


def test_the_exercise_in_which_somebody_types_is_known_by_its_lines() -> None:
    """The first line that changed tells, whether lines were changed, added or taken away."""
    before = b"import torch\ndef a():\n    pass\n\ndef b():\n    return 1\n"
    lines = {"a": 2, "b": 5}
    assert edited(before, before.replace(b"1", b"2"), lines) == "b"
    assert edited(before, before.replace(b"pass", b"return 0"), lines) == "a"
    assert edited(before, before + b"x = 3\n", lines) == "b"
    assert edited(before, b"# hello\n" + before, lines) == ""
    assert edited(before, before, lines) == ""


def test_trouble_leaves_the_verdicts_as_they_were() -> None:
    """A syntax error while somebody types should take nothing away; the next save takes the trouble away."""
    board = board_after(Saved(1), seen(FAILED), Saved(2), Trouble("small.py:3: SyntaxError"))
    assert board.trouble
    assert board.since.open == 1
    assert not boards.after(board, Saved(3)).trouble


def test_a_name_stays_until_it_is_told_again() -> None:
    """The same verdicts after a save: the misconception from before stays beside them; other verdicts: it goes."""
    named = grades.down_block()
    assert named.misconceptions
    bare = dataclasses.replace(named, misconceptions=())
    assert board_after(Seen(named), Saved(2), Seen(bare)).results[named.id] == named
    checks_now = tuple(
        dataclasses.replace(each, finding=dataclasses.replace(each.finding, verdict=PASSED)) for each in bare.checks
    )
    better = dataclasses.replace(bare, checks=checks_now)
    assert board_after(Seen(named), Saved(2), Seen(better)).results[named.id].misconceptions == ()


def test_all_is_examined_when_only_training_is_to_come() -> None:
    """Verdicts from before the save say nothing about what is asked now."""
    events = [Saved(1), Begun("a.A"), seen(PASSED, "a.A"), Saved(2), Begun("a.A")]
    assert not board_after(*events).examined
    assert not board_after(*events, seen(PASSED, "a.A", ("forward", "training"))).examined
    assert board_after(*events, seen(PASSED, "a.A", ("training",))).examined


def test_answers_that_are_still_to_come_are_not_taken_for_absent() -> None:
    """A check that needs one should have no verdict, nor should those after it, which may depend on it."""
    whole = made_up.evidence()
    some = {id: each for id, each in whole.outcomes.items() if not id.startswith(("eval", "dry", "begin", "train"))}
    partial = Partial(some, "", frozenset(whole.outcomes) - set(some))
    found = checks.so_far(made_up.question(partial))
    assert {id: each.verdict for id, each in found.items()} == dict.fromkeys(list(found), PASSED)
    assert list(found) == ["defined", "constructs", "method", "parameters"]
    assert checks.so_far(made_up.question(whole)) == checks.run(made_up.question(whole))
    with pytest.raises(NotYet):
        partial.trouble("eval")


def test_trouble_that_is_there_is_told_though_more_is_to_come() -> None:
    """A build that raised should fail its check at once."""
    whole = made_up.replaced(made_up.evidence(), **{"build.0": made_up.problem()})
    some = {id: each for id, each in whole.outcomes.items() if id in ("load", "find", "build.0")}
    found = checks.so_far(made_up.question(Partial(some, "", frozenset(whole.outcomes) - set(some))))
    assert found["constructs"].verdict is FAILED


def test_the_newest_answers_are_kept() -> None:
    """The oldest code goes first; what was looked up lately stays; what is like a form takes its answer."""
    kept, answer = Recollection(most=2), Evidence({"load": made_up.evidence().outcomes["load"]})
    for code in ("first", "second"):
        kept.keep(Answer(code, "asked", "under", answer))
    assert kept["first"]["asked"].unpack() == answer
    kept.keep(Answer("third", "asked", "under", Alike("first", "small.py", 3)))
    assert set(kept) == {"first", "third"}
    assert kept["third"]["asked"].unpack() == answer
    kept.keep(Answer("fourth", "asked", "under", Alike("gone", "small.py", 3)))
    assert "fourth" not in kept
    kept.forget(["asked"])
    assert not kept["third"]


def test_a_stopped_worker_gives_no_answer() -> None:
    """Who waits for it should hear that nobody wants to know, and nothing more be opened."""
    begun, go = threading.Event(), threading.Event()

    def script(*_: object) -> object:
        begun.set()
        go.wait(5)
        return made_up.problem()

    sandbox = Stoppable(FakeSandbox(script))  # type: ignore[arg-type]  # a script of one answer
    line, heard = sandbox.open(DEFAULT, 1.0), queue.SimpleQueue[object]()

    def ask() -> None:
        try:
            heard.put(line.ask("find", {}, {}, DEFAULT))
        except Dropped as dropped:
            heard.put(dropped)

    asking = threading.Thread(target=ask)
    asking.start()
    begun.wait(5)
    sandbox.stop()
    go.set()
    asking.join(5)
    assert isinstance(heard.get(timeout=5), CancelledError)
    with pytest.raises(Dropped):
        sandbox.open(DEFAULT, 1.0)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Watching, FakeSandbox, list[boards.Event]]]:
    """A folder with one exercise, watched, in a sandbox of made-up answers; a file with "wrong" in it is wrong."""
    exercise = made_up.exercise(training=None, points={"defined": 1.0, "constructs": 2.0})
    wrong = made_up.replaced(made_up.evidence(), **{"build.0": made_up.problem()})
    broken = made_up.replaced(made_up.evidence(), load=made_up.problem("SyntaxError", "invalid syntax"))
    scripts = {b"wrong": made_up.script(wrong), b"def (": made_up.script(broken)}
    sandbox = FakeSandbox(made_up.script(made_up.evidence()), scripts)
    folder = tmp_path / "alice"
    folder.mkdir()
    (folder / "made_up.py").write_text("class Small: ...\n")
    told: list[boards.Event] = []
    course = made_up.course(tmp_path, exercise)
    with Grader(course, sandbox, Settings(1), Store(tmp_path / "store"), reuses=False) as grader:
        watching = Watching(grader, folder, told.append)
        yield watching, sandbox, told
        watching.close()


@pytest.fixture
def terminal() -> Iterator[int]:
    """A terminal, by its descriptor."""
    ours, theirs = pty.openpty()
    yield theirs
    os.close(ours)
    os.close(theirs)


def examinations(sandbox: FakeSandbox) -> int:
    """How many workers were asked to build a student's exercise: the reference's is asked once."""
    return sum(any(op == "build" for op, _ in line.asked) for line in sandbox.lines)


def test_a_save_asks_again_only_where_something_changed(
    watched: tuple[Watching, FakeSandbox, list[boards.Event]], tmp_path: Path
) -> None:
    """The same content is no news; what was known once is not asked again; `a` and `f` ask all the same."""
    watching, sandbox, told = watched
    file = tmp_path / "alice" / "made_up.py"
    assert watching.look()
    watching.wait()
    assert isinstance(told[-1], Settled)
    assert watching.board.since == Since(0, 0, 0)
    asked = examinations(sandbox)

    file.write_text(file.read_text())
    assert not watching.look()

    file.write_text("class Small: wrong\n")
    assert watching.look()
    watching.wait()
    assert watching.board.since == Since(fixed=0, new=1, open=1)
    assert examinations(sandbox) == asked + 1

    file.write_text("class Small: ...\n")
    assert watching.look()
    watching.wait()
    assert watching.board.since == Since(fixed=1, new=0, open=0)
    assert examinations(sandbox) == asked + 1  # known from before
    assert not watching.again(only_failed=True)
    assert watching.again(only_failed=False)
    watching.wait()
    assert examinations(sandbox) == asked + 2


def test_what_cannot_be_graded_for_now_is_said_and_watched_on(
    watched: tuple[Watching, FakeSandbox, list[boards.Event]], tmp_path: Path
) -> None:
    """A file in the middle of a line, a folder that is gone: a line, the old verdicts, and then the new ones."""
    watching, _, told = watched
    file = tmp_path / "alice" / "made_up.py"
    watching.look()
    watching.wait()
    file.write_text("def (\n")
    watching.look()
    watching.wait()
    assert "made_up.py:10: SyntaxError: invalid syntax" in watching.board.trouble
    assert watching.board.results["made_up.Small"].score == 3.0

    file.unlink()
    assert not watching.look()
    assert "holds no file that can be graded" in watching.board.trouble
    file.parent.rmdir()
    assert not watching.look()
    assert "does not exist" in watching.board.trouble

    file.parent.mkdir()
    file.write_text("class Small: ...\n")
    assert watching.look()
    watching.wait()
    assert not watching.board.trouble
    assert isinstance(told[-1], Settled)


@pytest.mark.parametrize(
    ("name", "counts"),
    [("layers.py", True), ("layers.ipynb", True), ("helper.py", True), ("4913", False), ("layers.py~", False)]
    + [(".layers.py.swp", False), ("#layers.py#", False), (".#layers.py", False), ("layers.py.tmp", False)]
    + [("layers.py___jb_tmp___", False), ("__pycache__/layers.cpython-311.pyc", False)],
)
def test_what_editors_write_for_themselves_is_no_save(name: str, counts: bool) -> None:
    """Only what may be handed in counts."""
    from watchfiles import Change

    assert Filter()(Change.modified, f"somewhere/{name}") == counts
    assert Filter("/home/.venv/alice")(Change.modified, f"/home/.venv/alice/{name}") == counts


def console(width: int = 80, height: int = 24, encoding: str = "utf-8") -> Console:
    """A terminal of that size."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return Console(file=file, width=width, height=height, color_system=None, force_terminal=True, legacy_windows=False)


def shown(board: Board, out: Console, **around: object) -> list[str]:
    """The lines of the screen."""
    made = {"order": tuple(board.results), **around}
    return [line.plain for line in screen(board, Around("alice", **made), out)]  # type: ignore[arg-type]


def test_the_screen_shows_what_is_open_and_the_keys() -> None:
    """What failed stands above what passes, the change since the save and the keys at the foot."""
    whole = grades.whole_exercise("layers.linear_module")
    board = board_after(Saved(1), Seen(whole), Saved(2), Begun(grades.resnet().id), Seen(grades.resnet()))
    lines = shown(board, console(height=60), seconds=0.21)
    text = "\n".join(lines)
    assert text.index("✗ RestNet18") < text.index("1 exercise passes")
    assert "verdicts after 0.21 s" in lines[-2]
    assert lines[-1] == "a all again  f failed only  p filter  h help  q quit"
    assert any("open" in line for line in lines[-3:])


def test_the_foot_is_never_cut() -> None:
    """However much there is, and however small the terminal: no more lines than fit, the keys last."""
    grade = grades.sample_grade()
    board = board_after(Saved(1), *(Seen(each) for each in grade.exercises), Settled(grade))
    for width, height in ((40, 10), (40, 24), (20, 6), (20, 5), (20, 2), (1, 1)):
        lines = shown(board, console(width, height), page="reports/alice.html")
        assert len(lines) <= max(1, height - 1)
        assert lines[-1].startswith("a all again")


def test_a_filter_leaves_out_what_it_does_not_name() -> None:
    """Neither lines nor counts of other exercises are shown."""
    board = board_after(Saved(1), seen(FAILED, "a.First"), seen(FAILED, "a.Second"))
    assert boards.matching("sec", board.results) == {"a.Second"}
    text = "\n".join(shown(board, console(), filter="sec", order=("a.Second",)))
    assert "First" not in text
    assert "1 open" in text
    assert "only sec" in text


def test_nothing_of_a_students_reaches_the_screen_as_control_codes() -> None:
    """Hostile text is data, also on a terminal that can write ASCII alone."""
    grade = grades.hostile_grade()
    for encoding in ("utf-8", "ascii", "gbk"):
        board = board_after(Saved(1), *(Seen(each) for each in grade.exercises), Trouble("\x1b[2J\u202eevil\nmore"))
        for line in shown(board, console(width=100, height=200, encoding=encoding), typing="\x1b[31m"):
            assert line.isprintable(), line
            line.encode(encoding)


def test_loaded_is_what_a_partial_answer_may_hold() -> None:
    """A record that has come is given, whatever else is awaited."""
    partial = Partial({"load": made_up.evidence().outcomes["load"]}, "", frozenset({"find"}))
    assert partial.get("load", Loaded) == made_up.LOADED
    with pytest.raises(NotYet):
        partial.answered("find")


def test_the_answer_to_a_key_stays_when_the_work_under_way_ends(
    watched: tuple[Watching, FakeSandbox, list[boards.Event]], tmp_path: Path
) -> None:
    """Only the next key, or the next save, takes it away."""
    watching, _, _ = watched
    shown = Screen(tmp_path, Console(file=io.StringIO()), page=None, exactly=False)
    shown.watching = watching
    for key in "pnothing\r":
        shown.key(key)
    answer = shown.around.answer
    assert "nothing" in answer
    shown.heard(Settled(grades.grade()))
    assert shown.around.answer == answer
    shown.key("h")
    assert shown.around.answer == ""


class Terminal(io.StringIO):
    """A terminal that has a number, and so a size."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def fileno(self) -> int:
        return self._number


def test_a_picture_fits_the_terminal_as_it_is_now(
    watched: tuple[Watching, FakeSandbox, list[boards.Event]], tmp_path: Path, terminal: int
) -> None:
    """Small or large, resized or not: the last line is never written on, so that nothing goes up."""
    watching, _, _ = watched
    watching.look()
    watching.wait()
    out = Terminal(terminal)
    shown = Screen(tmp_path, console_on(out, {"COLUMNS": "500"}), page=None, exactly=False)
    shown.watching = watching
    for columns, lines in ((20, 6), (100, 40), (30, 12)):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        out.truncate(out.seek(0))
        shown._draw()
        written = out.getvalue().rpartition("\x1b[H")[2]
        assert written.count("\n") < lines
        assert max(cell_len(re.sub(r"\x1b\[[0-9;]*[a-zA-Z]", "", line)) for line in written.split("\r\n")) <= columns
        assert written.count("\x1b[K") == written.count("\r\n")  # each line, before it is written
        assert re.search(r"(\x1b\[K)[^\n]*\1", written) is None


def test_ctrl_z_gives_the_terminal_back_and_drops_what_is_under_way(
    watched: tuple[Watching, FakeSandbox, list[boards.Event]],
    tmp_path: Path,
    terminal: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker whose time runs out while everything stands still is nobody's fault; it is asked anew afterwards."""
    watching, _, told = watched
    before, stopped = termios.tcgetattr(terminal), list[bool]()
    shown = Screen(tmp_path, Console(file=io.StringIO()), page=None, exactly=False)
    shown.watching = watching
    watching.look()

    def stop(_: int, number: int) -> None:
        watching.wait()  # it ends without a grade, or had ended
        stopped.append(number == signal.SIGTSTP and termios.tcgetattr(terminal) == before)
        told.clear()

    with Keys(terminal, lambda key: None) as keys:
        monkeypatch.setattr(os, "kill", stop)
        shown._stand_aside(keys)
        monkeypatch.undo()
        assert termios.tcgetattr(terminal) != before
    watching.wait()
    assert stopped == [True]
    assert isinstance(told[0], Saved)
    assert isinstance(told[-1], Settled)


def test_a_round_that_is_over_stops_nothing_of_the_next(
    watched: tuple[Watching, FakeSandbox, list[boards.Event]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However late it comes to drop what it does not want."""
    watching, sandbox, told = watched
    put, late, go = _Round._put, threading.Event(), threading.Event()
    good = made_up.script(made_up.evidence())

    def held(*question: Any) -> Any:
        go.wait(5)
        return good(*question)

    def slowly(self: _Round, jobs: Any) -> Any:
        asked = put(self, jobs)
        if self is watching._round:
            late.set()
        return asked

    def slow(self: _Round, jobs: Any) -> Any:
        asked = put(self, jobs)
        begun.set()
        late.wait(5)
        return asked

    sandbox._special[b"held"] = held
    begun = threading.Event()
    monkeypatch.setattr(_Round, "_put", slow)
    watching.look()
    begun.wait(5)
    monkeypatch.setattr(_Round, "_put", slowly)
    first = watching._round
    assert first is not None
    (tmp_path / "alice" / "made_up.py").write_text("class Small: held\n")
    watching.look()
    first.join(5)
    go.set()
    watching.wait()
    assert isinstance(told[-1], Settled)


def test_after_trouble_nothing_is_said_to_be_under_way(
    watched: tuple[Watching, FakeSandbox, list[boards.Event]], tmp_path: Path
) -> None:
    """Also where there was trouble from the start, and where it came in the middle of the answers."""
    watching, _, _ = watched
    (tmp_path / "alice" / "made_up.py").write_text("def (\n")
    watching.look()
    watching.wait()
    half = board_after(Saved(1), Begun("a.A"), Begun("a.B"), seen(FAILED, "a.A", ("training",)), Trouble("no workers"))
    for board in (watching.board, half):
        assert board.trouble
        text = "\n".join(shown(board, console(), order=("made_up.Small", "a.A", "a.B")))
        assert not re.search("starting|being looked at|under way|to come|training runs", text)


def test_only_the_grade_of_the_last_round_is_written(
    watched: tuple[Watching, FakeSandbox, list[boards.Event]], tmp_path: Path
) -> None:
    """One that settled before a filter was cleared, and is heard of after that, holds some exercises alone."""
    watching, _, told = watched
    shown = Screen(tmp_path, Console(file=io.StringIO()), page=tmp_path / "reports", exactly=False)
    shown.watching = watching
    watching.look()
    watching.wait()
    old = told[-1]
    watching.look(anew=True)
    watching.wait()
    shown.heard(old)
    assert not (tmp_path / "reports").exists()
    shown.heard(told[-1])
    assert (tmp_path / "reports" / "alice.html").exists()


def test_what_ends_it_while_it_begins_leaves_no_thread(
    watched: tuple[Watching, FakeSandbox, list[boards.Event]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads that wait for work would keep the program from ending."""
    watching, _, _ = watched

    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("grader.watching.circumstances", interrupted)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        Watching(watching._grader, tmp_path, lambda event: None)
    assert threading.active_count() == before
