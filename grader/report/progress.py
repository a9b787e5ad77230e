"""How far a batch is: a live bar on a terminal, a plain line now and then elsewhere. What went wrong scrolls by.

Everything goes to standard error. Names and messages come from submissions: they are one line each, and never markup.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from grader.language import _, ngettext
from grader.report.plain import counted
from grader.standing import Standing, Watch
from grader.text import clipped, one_line

_LONGEST = 300  # characters of one message
_EVERY_SECONDS, _EVERY_SHARE = 30.0, 0.05  # between two plain lines, whichever is rarer
_LONG = 10.0  # seconds from which on it is worth saying what takes them
Clock = Callable[[], float]


def watching(stream: TextIO, workers: int) -> Watch:
    """The bar where `stream` is a terminal that can show one, else plain lines."""
    console = Console(file=stream, highlight=False)
    live = stream.isatty() and console.is_terminal and not console.is_dumb_terminal
    return Bar(console, workers) if live else Lines(stream)


class Pace:
    """Rate and time left, from what was done since the start: what an earlier run did takes no time."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock, self._began = clock, clock()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self._clock() - self._began

    def rate(self, standing: Standing) -> float:
        """Submissions a second; 0 where nothing is known yet."""
        return (standing.done - standing.known) / self.seconds if self.seconds > 0 else 0.0

    def left(self, standing: Standing) -> str:
        """Time left, as ``1:02:03`` or ``0:25``; ``?`` where nothing is known yet."""
        rate = self.rate(standing)
        if standing.done >= standing.total:
            return "0:00"
        if rate == 0:
            return "?"
        minutes, seconds = divmod(round((standing.total - standing.done) / rate), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class Lines(Watch):
    """A line at the start, at the end, and in between not too often: for logs."""

    def __init__(self, stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._stream, self._pace = stream, Pace(clock)
        self._told: tuple[float, int] | None = None  # when, and how many were done
        self._last: Standing | None = None

    def tell(self, standing: Standing) -> None:
        self._last = standing
        if self._told is not None:
            seconds, done = self._told
            if self._pace.seconds - seconds < _EVERY_SECONDS or standing.done - done < _EVERY_SHARE * standing.total:
                return
        self._write(standing)

    def say(self, name: str, text: str, ours: bool) -> None:
        line = _("GRADER ERROR {name}: {text}") if ours else _("{name}: {text}")
        self._put(line.format(name=_line(name), text=_line(text)))

    def note(self, text: str) -> None:
        self._put(f"grade: {_line(text)}")

    def close(self) -> None:
        if self._last is not None and self._told is not None and self._told[1] != self._last.done:
            self._write(self._last)

    def _write(self, standing: Standing) -> None:
        self._told = self._pace.seconds, standing.done
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._put(
            f"{now} {standing.done}/{standing.total} graded={standing.graded} ungradable={standing.ungradable} "
            f"grader_error={standing.errors + standing.quarantined} known={standing.known} "
            f"rate={self._pace.rate(standing):.2g}/s eta={self._pace.left(standing)}"
        )

    def _put(self, line: str) -> None:
        encoding = self._stream.encoding or "ascii"
        print(line.encode(encoding, "backslashreplace").decode(encoding), file=self._stream, flush=True)


class Bar(Watch):
    """A few live lines at the foot of the terminal."""

    def __init__(self, console: Console, workers: int, clock: Clock = time.monotonic) -> None:
        self._console, self._workers, self._pace = console, workers, Pace(clock)
        self._live = Live(console=console, refresh_per_second=4, transient=True)
        self._live.start()

    def tell(self, standing: Standing) -> None:
        self._live.update(self._table(standing))

    def say(self, name: str, text: str, ours: bool) -> None:
        words = _("grader error in")
        mark = Text(f"# {words} ", "bold magenta") if ours else Text("x ", "red")
        self._console.print(Text.assemble(mark, (self._shown(name), "bold"), f": {self._shown(text)}"), soft_wrap=True)

    def note(self, text: str) -> None:
        self._console.print(Text(self._shown(text), "dim"), soft_wrap=True)

    def close(self) -> None:
        self._live.stop()

    def _table(self, standing: Standing) -> Table:
        share = standing.done / standing.total if standing.total else 1.0
        bar = ProgressBar(total=max(1, standing.total), completed=standing.done, width=30)
        first = Table.grid(padding=(0, 2))
        first.add_row(
            Text(_("grading")), bar, Text(f"{standing.done}/{standing.total}"), Text(f"{int(100 * share)} %"),
            Text(f"{self._pace.rate(standing):.2g}/s"), Text(_("eta {time}").format(time=self._pace.left(standing))),
            Text(counted(ngettext("{count} worker", "{count} workers", self._workers), self._workers)),
        )  # fmt: skip
        parts = [
            _("graded {count}").format(count=standing.graded),
            _("not gradable {count}").format(count=standing.ungradable),
        ]
        parts += [_("known from before {count}").format(count=standing.known)] * bool(standing.known)
        errors = standing.errors + standing.quarantined
        wrong = _("grader errors {count}").format(count=errors)
        second = Text(" - ".join(parts), "dim") + Text(f" - {wrong}", "bold magenta" if errors else "dim")
        lines = Table.grid()
        lines.add_row(first)
        lines.add_row(second)
        slowest = standing.slowest
        if slowest is not None and slowest.seconds >= _LONG:
            text = _("slowest now: {name} {seconds} s")
            lines.add_row(Text(text.format(name=self._shown(slowest.name), seconds=f"{slowest.seconds:.0f}"), "dim"))
        return lines

    def _shown(self, text: str) -> str:
        encoding = self._console.encoding
        return _line(text).encode(encoding, "backslashreplace").decode(encoding)


def _line(text: str) -> str:
    return clipped(one_line(text), _LONGEST)
