"""Killed in the middle, a batch goes on where it was: the real command, with SIGKILL (a hundred times: make kills)."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import kills
import pytest

ROOT = Path(__file__).resolve().parents[1]
ASKED = ("--exercise", "linear_module", "--no-training", "--seed", "3", "--jobs", "2")
ALICE = (ROOT / "submissions/alice/layers.py").read_bytes()


@pytest.fixture
def members(tmp_path: Path, cache: Path) -> Path:
    """Give a class of four: one is right, one wrong, and two take their time."""
    sources = {"ann": ALICE, "bob": ALICE + b"\nlinear_module = None\n"}
    sources |= {
        name: ALICE + f"\nimport time\ntime.sleep({seconds})\n".encode() for name, seconds in (("c", 1), ("d", 2))
    }
    for name, source in sources.items():
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "layers.py").write_bytes(source)
    return tmp_path / "class"


def soon(found: Callable[[], int | None], process: subprocess.Popen[bytes]) -> int:
    """Wait until there is something, while the process lives."""
    while process.poll() is None:
        if (there := found()) is not None:
            return there
        time.sleep(0.01)
    raise AssertionError(f"it ended first, with {process.returncode}")


def answers(run: Path) -> int | None:
    """The size of the write-ahead log, once an answer is in it."""
    log = run / "gradebook.sqlite-wal"
    return size if log.exists() and (size := log.stat().st_size) > 100_000 else None


def test_nothing_is_lost_to_a_kill(members: Path, tmp_path: Path) -> None:
    """After a worker, the zygote and the grader were killed, the same command should end where one in peace ends."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    peace, killed = tmp_path / "peace", tmp_path / "killed"
    subprocess.run(kills.command(members, peace, ASKED), **quiet, check=False)  # type: ignore[call-overload]
    with subprocess.Popen(kills.command(members, killed, ASKED), **quiet) as process:  # type: ignore[call-overload]
        for kind in ("worker", "zygote", "worker"):
            os.kill(soon(lambda kind=kind: kills.victim(process, kind), process), signal.SIGKILL)  # type: ignore[misc]
            time.sleep(0.1)
        soon(lambda: answers(killed), process)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    (killed / "reports").mkdir(exist_ok=True)
    (killed / "reports/.0123456789abcdef.part").write_bytes(b"half a page")
    done = subprocess.run(kills.command(members, killed, ASKED), capture_output=True, check=False)
    assert done.returncode == 1, done.stderr.decode()
    assert kills.differences(kills.contents(peace), kills.contents(killed)) == []
