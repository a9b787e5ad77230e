"""Keys from a terminal: whole, whatever they are made of, and the terminal as it was."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import queue
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from grader.cli import keys
from grader.cli.keys import GONE, Keys
from grader.cli.watch import Screen

PATIENCE = 10.0  # seconds


class Typist:
    """A terminal whose keys are heard."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        self.heard = queue.SimpleQueue[str]()
        self.keys = Keys(self.theirs, self.heard.put)

    def type(self, *parts: str | bytes) -> str:
        """Type that, each part once the one before was read, then a full stop; what was heard before that."""
        for part in parts:
            os.write(self.ours, part if isinstance(part, bytes) else part.encode())
            while self._unread():
                pass
        os.write(self.ours, b".")
        found = ""
        while not found.endswith("."):
            found += self.heard.get(timeout=PATIENCE)
        return found[:-1]

    def _unread(self) -> bool:
        waiting = bytearray(4)
        fcntl.ioctl(self.theirs, termios.FIONREAD, waiting)
        return any(waiting)


@pytest.fixture
def typist() -> Iterator[Typist]:
    """Somebody at a terminal."""
    made = Typist()
    with made.keys:
        yield made
    os.close(made.ours)
    os.close(made.theirs)


@pytest.mark.parametrize(
    ("parts", "heard"),
    [
        (["af", "q"], "afq"),
        (["\x1b[A"], ""),
        (["\x1b", "[A"], ""),
        (["\x1b[1;", "5D"], ""),
        (["\x1bO", "P"], ""),
        (["a\x1b[Aq"], "aq"),  # what was typed around an arrow
        (["\x1b[a"], ""),  # as some terminals send arrows with Shift
        (["\x1b[200~pasted\x1b[201~"], "pasted"),
        (["检查"], "检查"),
        (["检".encode()[:1], "检".encode()[1:]], "检"),
        ([b"\xff", "a"], "a"),
    ],
)
def test_keys_are_heard_whole(
    parts: list[str | bytes], heard: str, typist: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrows and the like are left out, however they come in; what is typed beside them is not."""
    monkeypatch.setattr(keys, "_BETWEEN", PATIENCE)
    assert typist.type(*parts) == heard


def test_escape_alone_is_a_key(typist: Typist) -> None:
    """As soon as nothing more comes."""
    os.write(typist.ours, b"\x1b")
    assert typist.heard.get(timeout=PATIENCE) == "\x1b"


def test_the_terminal_is_as_it_was_while_somebody_else_has_it(typist: Typist) -> None:
    """A shell, when Ctrl-Z is typed; then it is taken again."""

    def set_for_keys() -> bool:
        return not termios.tcgetattr(typist.theirs)[3] & (termios.ECHO | termios.ICANON)

    assert set_for_keys()
    with typist.keys.lent():
        assert not set_for_keys()
    assert set_for_keys()
    assert typist.type("a") == "a"


@pytest.mark.parametrize("before", ["", "h", "p"])
def test_without_a_terminal_it_ends_whatever_it_is_at(before: str, tmp_path: Path) -> None:
    """Help and a filter would take any key for theirs."""
    shown = Screen(tmp_path, Console(file=io.StringIO()), page=None, exactly=False)
    for key in (*before, GONE):
        shown.key(key)
    assert shown._ended
