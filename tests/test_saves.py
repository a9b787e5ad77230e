"""What tells of saves, whatever becomes of the folder: the real thing, on this disk."""

from __future__ import annotations

import queue
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.cli import saves
from grader.cli.saves import Saves

PATIENCE = 20.0  # seconds


class Heard:
    """A watched folder, and what was heard of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._told = folder, queue.SimpleQueue[None]()
        folder.mkdir(parents=True)
        self.saves = Saves(folder, lambda: self._told.put(None), False)
        self.saves.start()

    def quiet(self) -> None:
        """Wait until nothing more is told."""
        while True:
            try:
                self._told.get(timeout=0.6)
            except queue.Empty:
                return

    def save(self) -> None:
        """Save a file, and wait until that is told."""
        (self.folder / "layers.py").write_text("a = 1\n")
        self._told.get(timeout=PATIENCE)


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """A folder, looked at often."""
    monkeypatch.setattr(saves, "_LOOKS", 100)
    made = Heard(tmp_path / "alice")
    yield made
    made.saves.close()


def test_a_folder_in_the_place_of_another_is_watched(heard: Heard) -> None:
    """Disks like to give the new one the old one's number; a file may stand there for a while."""
    heard.quiet()
    heard.save()
    shutil.rmtree(heard.folder)
    heard.folder.mkdir()
    heard.quiet()
    heard.save()
    shutil.rmtree(heard.folder)
    heard.folder.write_text("no folder")
    heard.quiet()
    heard.folder.unlink()
    heard.folder.mkdir()
    heard.quiet()
    heard.save()


def test_a_save_while_the_watching_begins_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is watched from now on has to be looked at once more."""
    told: list[str] = []

    def watch(*_: object, **__: object) -> Iterator[set[object]]:
        told.append("watched")
        yield set()
        made.close()
        yield set()

    monkeypatch.setattr(saves, "watch", watch)
    made = Saves(tmp_path, lambda: told.append("look"), False)
    made._run()
    assert told == ["look", "watched", "look"]


def test_what_cannot_be_watched_is_not_tried_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two tries there is a while, and then the files are looked at."""
    tried: list[object] = []

    def watch(*_: object, force_polling: object, **__: object) -> Iterator[set[object]]:
        tried.append(force_polling)
        if len(tried) > 5:
            made.close()
        raise FileNotFoundError if len(tried) == 1 else OSError("no watches left")

    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            made.close()

    monkeypatch.setattr(saves, "watch", watch)
    made = Saves(tmp_path, lambda: None, False)
    monkeypatch.setattr(made._stop, "wait", wait)
    made._run()
    assert tried == [None, None, True]
    assert waits == [saves._ABSENT] * 3
