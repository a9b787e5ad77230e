"""``grade watch PATH``: grades a folder again at each save, on a terminal, until somebody ends it."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from grader.cli.one import REPORT
from grader.cli.options import shared
from grader.cli.running import console, grading, reported, say
from grader.cli.speaking import command, option
from grader.errors import UsageError
from grader.language import N_, _

if TYPE_CHECKING:
    from rich.console import Console

    from grader.board import Event
    from grader.cli.keys import Keys
    from grader.model import Grade
    from grader.report.watch import Around
    from grader.watching import Watching

_POLL = N_("Look at all files now and then, where the system does not tell of saves: network drives.")
_NO_REPORT = N_("Write no HTML report.")
_ENTER, _ESCAPE, _ERASE = "\r\n", "\x1b", "\x7f\b"


@command(N_("Grade the folder PATH again at each save, and show what changed. Needs a terminal."))
@click.argument("path", type=click.Path(path_type=Path))
@option("--poll", is_flag=True, help=_POLL)
@option("--no-report", is_flag=True, help=_NO_REPORT)
@option("--report", type=click.Path(path_type=Path), metavar="FILE", help=REPORT)
@shared
def watch(path: Path, poll: bool, no_report: bool, report: Path | None, as_json: bool, **options: Any) -> None:
    """Grade a folder until somebody ends it."""
    with reported(False):
        out = console()
        if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()) or out.is_dumb_terminal:
            raise UsageError(_("`grade watch` shows its verdicts on a terminal: to grade once, use `grade PATH`"))
        with _terminable():
            say(_("getting ready …"))
            screen = Screen(path, out, None if no_report else report or Path("reports"), report is not None)
            with grading(path, apart=True, tell=screen.doing, **options) as grader:
                screen.run(grader, poll)
                grader.sandbox.close()  # ends the workers: nobody waits for what they were at


class Screen:
    """The terminal: keys, saves and verdicts come in by one queue, and each is answered by a new picture."""

    def __init__(self, folder: Path, out: Console, page: Path | None, exactly: bool) -> None:
        from grader.report.watch import Around

        self._folder, self._out, self._page, self._exactly = folder, out, page, exactly
        self._happened: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.around: Around = Around(str(folder), ())
        self.watching: Watching | None = None
        self._ended, self._drawn, self._saved_at = False, False, 0.0

    def doing(self, line: str) -> None:
        """Have it said at the foot what is done meanwhile."""
        self._happened.put(lambda: self._set(doing=line))

    def run(self, grader: Any, poll: bool) -> None:
        """Until `q` is typed. Raises KeyboardInterrupt at Ctrl-C."""
        from grader.cli.keys import Keys
        from grader.cli.saves import Saves
        from grader.watching import Watching

        self.watching = Watching(grader, self._folder, self._tell)
        self._set(order=tuple(self.watching.exercises()))
        saves = Saves(self._folder, lambda: self._happened.put(self._saved), poll)
        try:
            with (
                Keys(sys.stdin.fileno(), lambda key: self._happened.put(lambda: self.key(key))) as keys,
                _hearing(signal.SIGWINCH, lambda: self._happened.put(lambda: None)),  # each event is drawn
                _hearing(signal.SIGTSTP, lambda: self._happened.put(lambda: self._stand_aside(keys))),
            ):
                saves.start()
                while not self._ended:
                    self._next()
        finally:
            saves.close()
            self.watching.close()

    def _next(self) -> None:
        """What has happened, and then one picture of it all."""
        self._happened.get()()
        with contextlib.suppress(queue.Empty):
            while not self._ended:
                self._happened.get_nowait()()
        self._draw()

    def _stand_aside(self, keys: Keys) -> None:
        """Give the terminal back and stop, as Ctrl-Z asks; once somebody lets it go on, take up what was under way."""
        assert self.watching is not None
        self.watching.pause()
        with keys.lent(), _hearing(signal.SIGTSTP, signal.SIG_DFL):
            os.kill(os.getpid(), signal.SIGTSTP)
        now = time.monotonic()
        if self.watching.look(anew=True):
            self._begun(now)

    def _tell(self, event: Event) -> None:
        self._happened.put(lambda: self.heard(event))

    def _saved(self) -> None:
        assert self.watching is not None
        now = time.monotonic()
        if self.watching.look():
            self._begun(now)

    def _begun(self, now: float) -> None:
        self._saved_at = now
        self._set(seconds=None, answer="", doing="")

    def heard(self, event: Event) -> None:
        """What became of the round under way. The answer to a key stays until the next key, or the next save."""
        from grader.board import Seen, Settled

        assert self.watching is not None
        if isinstance(event, Seen) and self.around.seconds is None and self.watching.board.examined:
            self._set(seconds=time.monotonic() - self._saved_at)
        if isinstance(event, Settled):
            self._set(doing="")
            if not self.around.filter and event.grade is self.watching.board.grade:  # no other round has begun
                self._write_page(event.grade)

    def key(self, key: str) -> None:
        """What a key that was typed is for; without a terminal, nothing is."""
        from grader.cli.keys import GONE

        self._set(answer="")
        if key == GONE:
            self._ended = True
        elif self.around.typing is not None:
            self._typed(key, self.around.typing)
        elif self.around.help:
            self._set(help=False)
        elif key in ("a", "f"):
            assert self.watching is not None
            now = time.monotonic()
            if self.watching.again(only_failed=key == "f"):
                self._begun(now)
            elif not self.watching.board.trouble:  # which says why
                self._set(answer=_("Nothing is open."))
        elif key == "p":
            self._set(typing="")
        elif key in ("h", "?"):
            self._set(help=True)
        elif key == "q":
            self._ended = True

    def _typed(self, key: str, so_far: str) -> None:
        """A key while a filter is typed: Enter takes it, Escape leaves all as it was."""
        if key in _ENTER:
            self._set(typing=None)
            self._filter(so_far.strip())
        elif key == _ESCAPE:
            self._set(typing=None)
        elif key in _ERASE:
            self._set(typing=so_far[:-1])
        elif key.isprintable():
            self._set(typing=so_far + key)

    def _filter(self, text: str) -> None:
        from grader.board import matching

        assert self.watching is not None
        found = matching(text, self.watching.exercises())
        if not found:
            self._set(answer=_("No exercise has {text} in its name.").format(text=repr(text)))
            return
        order = tuple(id for id in self.watching.exercises() if id in found)
        self._set(filter=text, order=order)
        now = time.monotonic()
        if self.watching.choose(found):
            self._begun(now)

    def _write_page(self, grade: Grade) -> None:
        from grader.cli.one import put_report, write_report
        from grader.report import html, pages

        if self._page is None:
            return
        page = html.render(grade)  # each save is no attempt of its own: nothing is compared, nothing remembered
        try:
            if self._exactly:
                write_report(page, self._page)
                self._set(page=str(self._page))
            else:
                self._set(page=str(put_report(page, self._page, pages.Names().of(grade.submission))))
        except UsageError as error:
            self._set(answer=str(error))

    def _set(self, **changes: Any) -> None:
        self.around = replace(self.around, **changes)

    def _draw(self) -> None:
        """One picture, over the last one. What was on the screen before the first goes up, and can be scrolled to."""
        from grader.report.screen import measure
        from grader.report.watch import screen

        assert self.watching is not None
        measure(self._out)
        lines = screen(self.watching.board, self.around, self._out)
        with self._out.capture() as captured:
            for line in lines:
                self._out.print(line, no_wrap=True, overflow="ellipsis", crop=True, highlight=False)
        start = "\x1b[H" if self._drawn else "\n" * self._out.height + "\x1b[H"
        self._drawn = True
        # Each line is erased before it is written: after one that is as long as the screen is wide, its end would go.
        picture = captured.get().rstrip("\n").replace("\n", "\r\n\x1b[K")
        self._out.file.write(f"{start}\x1b[K{picture}\r\n\x1b[J")
        self._out.file.flush()


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM, and the end of the terminal, end it as Ctrl-C does."""

    def stop() -> None:
        raise KeyboardInterrupt

    with _hearing(signal.SIGTERM, stop), _hearing(signal.SIGHUP, stop):
        yield


@contextlib.contextmanager
def _hearing(number: signal.Signals, heard: Callable[[], None] | signal.Handlers) -> Iterator[None]:
    """Have a signal `heard` in the main thread, or do what it does by itself, in place of what it did."""

    def hear(_: int, __: FrameType | None) -> None:
        assert callable(heard)
        heard()

    before = signal.signal(number, heard if isinstance(heard, signal.Handlers) else hear)
    try:
        yield
    finally:
        signal.signal(number, before)
