"""Progress of a batch: a bar for people, lines for logs, and no control over the terminal for anybody else."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from grader.report.progress import Bar, Lines, Pace, watching
from grader.standing import Standing, UnderWay


class Clock:
    """A clock that goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_come_rarely_and_at_both_ends() -> None:
    """A log should have a line at the start, at the end, and between only when both time and work went on."""
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    for done in range(101):
        clock.now = 2.0 * done
        lines.tell(Standing(100, graded=done))
    lines.close()
    told = [int(re.search(r" (\d+)/100 ", line)[1]) for line in stream.getvalue().splitlines()]  # type: ignore[index]
    assert told == [0, 15, 30, 45, 60, 75, 90, 100]
    assert (
        stream.getvalue().splitlines()[1].endswith("graded=15 ungradable=0 grader_error=0 known=0 rate=0.5/s eta=2:50")
    )
    assert stream.getvalue().isascii()


def test_the_last_line_is_not_said_twice() -> None:
    """Where the end was told already, closing should add nothing."""
    stream = io.StringIO()
    lines = Lines(stream, Clock())
    lines.tell(Standing(1, graded=1))
    lines.close()
    lines.close()
    assert len(stream.getvalue().splitlines()) == 1


def test_what_an_earlier_run_did_counts_for_no_speed() -> None:
    """Rate and time left should be those of this run."""
    clock = Clock()
    pace = Pace(clock)
    assert (pace.rate(Standing(100, graded=90, known=90)), pace.left(Standing(100, graded=90, known=90))) == (0.0, "?")
    clock.now = 10.0
    assert pace.rate(Standing(100, graded=92, known=90)) == 0.2
    assert pace.left(Standing(100, graded=92, known=90)) == "0:40"
    assert pace.left(Standing(20_000, graded=92, known=90)) == "27:39:00"
    assert pace.left(Standing(92, graded=92, known=90)) == "0:00"


@pytest.mark.parametrize("name", ["evil\x1b[2Jname", "two\nlines", "[red]markup[/red]", "\u202eright", "x" * 5000])
def test_names_and_messages_are_data(name: str) -> None:
    """Nothing that a submission says should reach the terminal as more than one line of plain text."""
    for ours in (True, False):
        plain = io.StringIO()
        Lines(plain).say(name, name, ours)
        assert len(plain.getvalue().splitlines()) == 1
        shown = io.StringIO()
        bar = Bar(Console(file=shown, force_terminal=True, width=80, highlight=False), 2)
        bar.say(name, name, ours)
        bar.close()
        for text in (plain.getvalue(), shown.getvalue()):
            assert "\x1b[2J" not in text
            assert "\u202e" not in text
            assert len(text) < 2_000
        if "markup" in name:
            assert "[red]markup[/red]" in shown.getvalue()


def test_our_errors_stand_out() -> None:
    """What is ours should be told apart from what is not, in both forms."""
    stream = io.StringIO()
    lines = Lines(stream)
    lines.say("ann", "no file", False)
    lines.say("bob", "it broke", True)
    assert stream.getvalue().splitlines() == ["ann: no file", "GRADER ERROR bob: it broke"]


def test_the_bar_shows_how_far_it_is() -> None:
    """The bar should name what was done, by what became of it, and vanish at the end."""
    stream, clock = io.StringIO(), Clock()
    bar = Bar(Console(file=stream, force_terminal=True, width=120, highlight=False), 8, clock)
    clock.now = 10.0
    bar.tell(Standing(40, graded=18, ungradable=1, errors=1, known=10))
    bar._live.refresh()
    bar.close()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    for part in ("20/40", "50 %", "1/s", "eta 0:20", "8 workers", "graded 18", "not gradable 1", "grader errors 1"):
        assert part in text, part


@pytest.mark.parametrize(("seconds", "shown"), [(9.4, False), (41.2, True)])
def test_the_bar_names_what_takes_long(seconds: float, shown: bool) -> None:
    """What has been under way for long should be named, on a line of its own and as data; a moment is not worth it."""
    stream = io.StringIO()
    bar = Bar(Console(file=stream, force_terminal=True, width=120, highlight=False), 8)
    bar.tell(Standing(40, slowest=UnderWay("[b]zoe\nand", seconds)))
    bar._live.refresh()
    bar.close()
    assert ("slowest now: [b]zoe\\nand 41 s" in stream.getvalue()) is shown
    assert ("slowest" in stream.getvalue()) is shown


def test_a_log_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no terminal should get lines, also where colour is forced on it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert isinstance(watching(io.StringIO(), 2), Lines)


def test_what_takes_longer_is_said_on_a_line_of_its_own() -> None:
    """A note should neither hang on the bar nor be wiped out with it, and be plain in a log."""
    seen = io.StringIO()
    bar = Bar(Console(file=seen, force_terminal=True, width=80, color_system=None), 2)
    bar.tell(Standing(5, graded=4))
    bar.note("RestNet18: looking at 463 known mistakes \x1b[2J")
    bar.close()
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.getvalue()).replace("\r", "\n").splitlines()
    assert "RestNet18: looking at 463 known mistakes \\x1b[2J" in [line.strip() for line in lines]
    log = io.StringIO()
    Lines(log).note("RestNet18: looking")
    assert log.getvalue() == "grade: RestNet18: looking\n"
