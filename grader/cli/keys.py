"""Single keys from a terminal, read without Enter, and the terminal as it was on every way out."""

from __future__ import annotations

import codecs
import os
import select
import termios
import threading
from collections.abc import Callable
from types import TracebackType

_LOCAL_FLAGS = 3  # index into what termios gives


class Keys:
    """Gives each key that is typed to `heard`, from a thread of its own, between enter and exit.

    Ctrl-C stays a signal. Keys that send several characters, such as arrows, are left out.
    """

    def __init__(self, terminal: int, heard: Callable[[str], None]) -> None:
        self._terminal, self._heard = terminal, heard
        self._thread = threading.Thread(target=self._read, name="keys", daemon=True)

    def __enter__(self) -> Keys:
        self._before = termios.tcgetattr(self._terminal)
        self._wake, self._woken = os.pipe()
        changed = termios.tcgetattr(self._terminal)
        changed[_LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO)
        try:
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, changed)
            self._thread.start()
        except BaseException:
            self._restore()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
        os.write(self._woken, b"x")
        self._thread.join()
        os.close(self._wake)
        os.close(self._woken)

    def _restore(self) -> None:
        termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        while True:
            ready, _, _ = select.select([self._terminal, self._wake], [], [])
            if self._wake in ready:
                return
            try:
                typed = os.read(self._terminal, 1024)
            except OSError:  # the terminal is gone, and a signal tells so
                typed = b""
            if not typed:
                self._heard("q")
                return
            if len(typed) > 1 and typed.startswith(b"\x1b"):
                continue
            for key in decoder.decode(typed):
                self._heard(key)
