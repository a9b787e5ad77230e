"""Single keys from a terminal, read without Enter, and the terminal as it was on every way out."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import select
import termios
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

GONE = ""  # heard in place of a key where no more can come
_LOCAL_FLAGS = 3  # index into what termios gives
_ESCAPE = "\x1b"
_BETWEEN = 0.05  # seconds at most between two parts of one key
# What arrows, function keys and keys with Alt send; and the beginnings of that, of which Escape alone is a key.
_SEVERAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\[O])", re.DOTALL)
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O)?\Z")


class Keys:
    """Gives each key that is typed to `heard`, from a thread of its own, between enter and exit.

    Ctrl-C stays a signal. Keys that send several characters, such as arrows, are left out. `GONE` is heard last, where
    the terminal goes away.
    """

    def __init__(self, terminal: int, heard: Callable[[str], None]) -> None:
        self._terminal, self._heard = terminal, heard
        self._thread = threading.Thread(target=self._read, name="keys", daemon=True)

    def __enter__(self) -> Keys:
        self._before = termios.tcgetattr(self._terminal)
        self._wake, self._woken = os.pipe()
        try:
            self._take()
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

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """The terminal as it was, for as long as somebody else has it."""
        self._restore()
        try:
            yield
        finally:
            self._take()

    def _take(self) -> None:
        changed = termios.tcgetattr(self._terminal)
        changed[_LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(self._terminal, termios.TCSADRAIN, changed)

    def _restore(self) -> None:
        termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)

    def _read(self) -> None:
        decoder, begun = codecs.getincrementaldecoder("utf-8")("ignore"), ""
        while True:
            ready, _, _ = select.select([self._terminal, self._wake], [], [], _BETWEEN if begun else None)
            if self._wake in ready:
                return
            if not ready:
                if begun == _ESCAPE:
                    self._heard(begun)
                begun = ""
                continue
            try:
                typed = os.read(self._terminal, 1024)
            except OSError:  # the terminal is gone, and a signal tells so
                typed = b""
            if not typed:
                self._heard(GONE)
                return
            text = _SEVERAL.sub("", begun + decoder.decode(typed))
            begun = found[0] if (found := _BEGUN.search(text)) else ""
            for key in text.removesuffix(begun):
                self._heard(key)
