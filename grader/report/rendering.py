"""Pages rendered beside the program, so that the last part of a class does not wait for one core.

Each helper is a fresh interpreter that is given a grade and gives back the page; it ends when the program does, however
that ends, since then nobody holds the other end of its pipe.
"""

from __future__ import annotations

import contextlib
import signal
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType

from grader import language
from grader.attempts import History
from grader.model import Grade
from grader.report import html

ALONE = 12  # pages are made here first: a helper takes half a second to start
Done = Callable[[str], None]


@dataclass
class _Helper:
    process: BaseProcess
    pipe: Connection
    task: tuple[Grade, History]
    done: Done


class Renderer:
    """Renders grades with so many helpers. What is `put` is handed to its `done`, in the same order, at the latest when
    the `with` block ends."""

    def __init__(self, helpers: int) -> None:
        self._most = helpers if helpers > 1 else 0
        self._rendered = 0
        self._idle: list[tuple[BaseProcess, Connection]] = []
        self._busy: deque[_Helper] = deque()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while self._busy and kind is None:
                self._take()
        finally:
            for process, pipe in self._idle:
                pipe.close()
                process.join()
            for helper in self._busy:  # interrupted, or what was done with a page failed: nobody wants theirs
                helper.pipe.close()
                helper.process.terminate()
                helper.process.join()

    def put(self, grade: Grade, history: History, done: Done) -> None:
        """Have a grade rendered, and its page handed to `done` later."""
        self._rendered += 1
        if self._rendered <= ALONE or not self._most:
            done(html.render(grade, history))
            return
        if len(self._busy) == self._most:
            self._take()
        process, pipe = self._idle.pop() if self._idle else _started()
        self._busy.append(_Helper(process, pipe, (grade, history), done))
        with contextlib.suppress(OSError):  # it came to an end, which taking its page will find out
            pipe.send((grade, history))  # it is idle, so it listens

    def _take(self) -> None:
        """Take the oldest page that is being rendered; here, where its helper came to an end."""
        helper = self._busy.popleft()
        try:
            page = helper.pipe.recv()
        except (EOFError, OSError):
            helper.pipe.close()
            helper.process.join()
            page = html.render(*helper.task)
        else:
            self._idle.append((helper.process, helper.pipe))
        helper.done(page)


def _started() -> tuple[BaseProcess, Connection]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, language.spoken()), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _serve(pipe: Connection, spoken: str) -> None:
    """Render what comes, until nothing comes any more. What cannot be rendered ends this helper, and is tried again by
    who asked, where the error is seen."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, which then ends us
    language.speak(spoken)
    while True:
        try:
            pipe.send(html.render(*pipe.recv()))
        except (EOFError, OSError):
            return
