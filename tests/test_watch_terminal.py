"""``grade watch`` as somebody sits before it: keys, saves, and the terminal as it was on every way out."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0  # seconds


def _at_a_terminal() -> None:
    """Take this terminal, and its Ctrl-C: in the background it is ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A terminal of 40 lines with `grade watch` on it; what it has shown is in `shown`."""

    def __init__(self, folder: Path, home: Path, cache: Path) -> None:
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.before, self.shown = termios.tcgetattr(self._theirs), ""
        command = [sys.executable, "-m", "grader", "watch", folder, "--seed", "3", "--exercise", "Model_Dict"]
        environment = os.environ | {"XDG_CACHE_HOME": str(cache.parent), "TERM": "xterm", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            command, stdin=self._theirs, stdout=self._theirs, stderr=self._theirs, cwd=home, env=environment,
            start_new_session=True, preexec_fn=_at_a_terminal,
        )  # fmt: skip

    def type(self, keys: str) -> None:
        """Type that."""
        os.write(self._ours, keys.encode())

    def expect(self, text: str) -> str:
        """Wait until that is shown, and give what was shown meanwhile."""
        start, end = len(self.shown), time.monotonic() + PATIENCE
        while text not in self.shown[start:]:
            assert time.monotonic() < end, f"no {text!r} in:\n{self.shown[start:]}"
            if select.select([self._ours], [], [], 0.5)[0]:
                self.shown += os.read(self._ours, 1 << 16).decode("utf-8", "replace")
        return self.shown[start:]

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(PATIENCE)

    def settings(self) -> list[object]:
        """How the terminal is set now."""
        return termios.tcgetattr(self._theirs)

    def left(self) -> list[str]:
        """The processes that are still there of its session, by the way that the kernel names them."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                _, _, rest = (folder / "stat").read_text().rpartition(")")
                fields = rest.split()
            except OSError:  # it ended meanwhile
                continue
            if int(fields[3]) == self.process.pid and fields[0] != "Z":
                found.append(folder.name)
        return found

    def close(self) -> None:
        """End it, whatever it is at."""
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def alice(tmp_path: Path) -> Path:
    """Somebody's work, to be edited."""
    folder = tmp_path / "alice"
    folder.mkdir()
    shutil.copy(ROOT / "submissions" / "alice" / "build_methods.py", folder)
    return folder


@pytest.fixture
def terminal(alice: Path, tmp_path: Path, cache: Path) -> Iterator[Terminal]:
    """A terminal on which the work is watched."""
    made = Terminal(alice, tmp_path, cache)
    yield made
    made.close()


def saved(file: Path, text: str) -> None:
    """Save as editors do: another file, put in its place."""
    new = file.with_name(f"{file.name}.tmp")
    new.write_text(text)
    os.replace(new, file)


def test_saves_are_graded_and_keys_are_heard(terminal: Terminal, alice: Path, tmp_path: Path) -> None:
    """A mistake shows after its save, and is fixed after the next; each key does what the foot says; q ends it."""
    file = alice / "build_methods.py"
    right = file.read_text()
    first = terminal.expect("Report: reports/alice.html")
    assert "a all again  f failed only  p filter  h help  q quit" in first
    assert (tmp_path / "reports" / "alice.html").exists()
    assert not terminal.settings()[3] & (termios.ECHO | termios.ICANON)  # type: ignore[operator]  # flags are numbers

    saved(file, right.replace("Model_Dict", "ModelDict"))
    terminal.expect("1 new")
    saved(file, f"{right}\ndef half(:\n")
    terminal.expect("SyntaxError")
    saved(file, right)
    terminal.expect("1 fixed")

    terminal.type("h")
    terminal.expect("forget all answers")
    terminal.type("h")
    terminal.type("pnothing\r")
    terminal.expect("No exercise has 'nothing' in its name.")
    terminal.type("q")
    assert terminal.ended() == 0
    assert terminal.settings() == terminal.before
    assert terminal.left() == []
    assert "\x07" not in terminal.shown  # no bell
    assert "\x1b[3J" not in terminal.shown  # what can be scrolled to stays


def test_ctrl_c_ends_it_in_the_middle_of_the_work(terminal: Terminal) -> None:
    """The terminal is as it was, no worker is left, and the exit code says so."""
    terminal.expect("under way")
    terminal.type("\x03")
    assert terminal.ended() == 130
    assert terminal.settings() == terminal.before
    assert terminal.left() == []


def test_without_a_terminal_it_says_what_to_do(alice: Path) -> None:
    """One line, and the exit code of wrong usage."""
    command = [sys.executable, "-m", "grader", "watch", str(alice)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "grade: `grade watch` shows its verdicts on a terminal: to grade once, use `grade PATH`\n"
