"""Whatever is in a folder, and whatever becomes of it meanwhile, nothing outside is read and nothing hangs."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from grader import snapshot
from grader.errors import SubmissionError
from grader.retold import LOOK
from grader.submission import Submission, collect, folders

SECRET = "the solution"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A submission's folder with one file in it, beside something that is none of its business."""
    made = tmp_path / "class" / "alice"
    made.mkdir(parents=True)
    (made / "layers.py").write_text("x = 1\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_text(SECRET)
    return made


def reasons(collected: Submission) -> dict[str, str]:
    """What was left out, with the first word of what to do or what it is."""
    return {path: reason.partition(";")[0] for path, reason in collected.left_out.items()}


def test_a_folder_that_turns_into_a_link_is_not_followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder swapped for a link after it was listed, before it is opened, should not lead out."""
    (folder / "sub").mkdir()
    (folder / "sub" / "a.py").write_text("y = 2\n")
    real = os.open

    def swap(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if path == "sub":
            (folder / "sub" / "a.py").unlink()
            (folder / "sub").rmdir()
            (folder / "sub").symlink_to(folder.parents[1] / "outside")
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", swap)
    collected = collect(folder)
    assert list(collected.files) == ["layers.py"]
    assert reasons(collected) == {"sub": "it is a link"}


def test_a_folder_on_the_way_that_turns_into_a_link_leads_nowhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that was opened and is then swapped for a link should still be the folder it was."""
    (folder / "sub").mkdir()
    (folder / "sub" / "a.py").write_text("y = 2\n")
    real = os.open

    def swap(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if path == "a.py" and not (folder / "sub").is_symlink():
            (folder / "sub").rename(folder / "was")
            (folder / "sub").symlink_to(folder.parents[1] / "outside")
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", swap)
    assert collect(folder).files == {"layers.py": b"x = 1\n", "sub/a.py": b"y = 2\n"}


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_file_that_turns_into_something_else_is_not_read(
    folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file swapped after it was looked at should be left out: no link is followed, no pipe waited for."""
    (folder / "a.py").write_text("y = 2\n")
    real = os.open

    def swap(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if path == "a.py":
            (folder / "a.py").unlink()
            if kind == "link":
                (folder / "a.py").symlink_to(folder.parents[1] / "outside" / "a.py")
            else:
                os.mkfifo(folder / "a.py")
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", swap)
    collected = collect(folder)
    assert list(collected.files) == ["layers.py"]
    assert list(collected.left_out) == ["a.py"]


def test_what_is_no_file_is_never_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a device can already do something: only files and folders should be."""
    os.mkfifo(folder / "pipe.py")
    (folder / "link.py").symlink_to("layers.py")
    opened: list[str] = []
    real = os.open

    def note(path: Any, *rest: Any, **more: Any) -> int:
        opened.append(str(path))
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", note)
    collect(folder)
    assert opened == [str(folder), "layers.py"]


def test_a_link_in_a_class_is_refused_by_name(folder: Path) -> None:
    """A student's folder that is a link should not be graded in a class: it may be another student's."""
    (folder.parent / "bob").symlink_to(folder)
    alice, bob = folders(folder.parent)
    assert collect(alice, through_link=False).name == "alice"
    with pytest.raises(SubmissionError, match="bob is not taken in: it is a link, which may lead anywhere"):
        collect(bob, through_link=False)


def linked(folder: Path, owner: int, monkeypatch: pytest.MonkeyPatch) -> Submission:
    """Collect a folder in which ``theirs.py`` is a second name of a file outside that belongs to `owner`."""
    os.link(folder.parents[1] / "outside" / "a.py", folder / "theirs.py")
    number, real = (folder / "theirs.py").stat().st_ino, os.fstat

    def foreign(found: os.stat_result) -> os.stat_result:
        if found.st_ino != number:
            return found
        return os.stat_result([*found[:4], owner, *found[5:]], {"st_mtime_ns": 0, "st_ctime_ns": 0})

    monkeypatch.setattr(os, "fstat", lambda descriptor: foreign(real(descriptor)))
    return collect(folder)


def test_a_second_name_of_somebody_elses_file_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hard link to a file of another owner may give what the student could never read: it should be left out."""
    collected = linked(folder, os.getuid() + 1, monkeypatch)
    assert list(collected.files) == ["layers.py"]
    assert reasons(collected) == {
        "theirs.py": "it is a second name (a hard link) of a file that belongs to somebody else"
    }


def test_a_second_name_of_ones_own_file_is_taken_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Backups and file savers make hard links of everything: one's own should be files like others."""
    assert linked(folder, os.getuid(), monkeypatch).files["theirs.py"] == SECRET.encode()


def changing(folder: Path, times: int, monkeypatch: pytest.MonkeyPatch) -> Submission:
    """Collect a folder in which ``layers.py`` is written to while it is read, that many times."""
    left, real = [times], os.fstat

    def write(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        if stat.S_ISREG(found.st_mode) and left[0]:
            left[0] -= 1
            with open(folder / "layers.py", "a") as file:
                file.write("more = 1\n")
        return found

    monkeypatch.setattr(os, "fstat", write)
    return collect(folder)


def test_a_file_that_changes_once_is_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is saved just then should be taken in as it is in the end."""
    assert changing(folder, 1, monkeypatch).files == {"layers.py": b"x = 1\nmore = 1\n"}


def test_a_file_that_keeps_changing_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of one state and half of another should never be graded."""
    with pytest.raises(SubmissionError, match=r"layers\.py was left out: it changed while it was read"):
        changing(folder, 9, monkeypatch)


def test_very_many_names_are_refused_whatever_they_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that are ignored, and empty folders, should count, too: a million of them takes minutes."""
    monkeypatch.setattr(snapshot, "ENTRY_CAP", 20)
    for number in range(10):
        (folder / f"{number}.pyc").touch()
        (folder / f"d{number}").mkdir()
    with pytest.raises(SubmissionError, match="the submission holds more than 20 files and folders"):
        collect(folder)


def test_a_hundred_thousand_names_are_refused_quickly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listing should stop at the cap, not after all names were read and sorted."""

    class Name:
        name = "x.pyc"

        def is_dir(self, follow_symlinks: bool = True) -> bool:
            return False

    class Endless:
        seen = 0

        def __enter__(self) -> Endless:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def __iter__(self) -> Endless:
            return self

        def __next__(self) -> Name:
            Endless.seen += 1
            return Name()

    monkeypatch.setattr(os, "scandir", lambda _: Endless())
    with pytest.raises(SubmissionError, match="more than 10,000 files and folders"):
        collect(folder)
    assert Endless.seen == snapshot.ENTRY_CAP + 1


@pytest.mark.parametrize(
    "names", [("Layers.py", "layers.py"), ("é.py", "e\u0301.py"), ("STRASSE.py", "straße.py"), ("Src", "src")]
)
def test_names_that_some_disks_take_for_one_are_left_out(folder: Path, names: tuple[str, str]) -> None:
    """Two names that differ in case or in the spelling of an accent alone should both be named, and neither graded."""
    (folder / "other.py").touch()
    for name in names:
        if name.endswith(".py"):
            (folder / name).write_text("x")
        else:
            (folder / name).mkdir()
            (folder / name / "in.py").touch()
    collected = collect(folder)
    assert set(collected.files) == {"other.py", "layers.py"} - set(names)
    assert set(collected.left_out) == set(names)
    assert "keep one" in collected.notes[0]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb.py", "a\\nb.py"),
        ("a\x1b[2Jb.py", "a\\x1b[2Jb.py"),
        ("txt.\u202eyp.py", "txt.\\u202eyp.py"),
        ("a\u200bb.py", "a\\u200bb.py"),
        ("a\tb", "a\\tb"),
        ("Icon\r", "Icon\\x0d"),
    ],
)
def test_names_with_what_nobody_sees_are_left_out_and_shown(folder: Path, name: str, shown: str) -> None:
    """A name that could forge a line, move the cursor or look like another should be named, written out."""
    (folder / name).touch()
    collected = collect(folder)
    assert list(collected.files) == ["layers.py"]
    assert collected.notes == (f"{shown} was left out: its name holds characters that nobody can see; rename it",)


def test_a_name_with_a_backslash_says_where_it_comes_from(folder: Path) -> None:
    """What unpacking a Windows archive wrongly leaves should be explained, not be a missing file."""
    (folder / "hw\\training.py").touch()
    collected = collect(folder)
    assert "unpack it anew" in collected.notes[0]


@pytest.mark.parametrize("name", ["CON", "con.py", "aux.txt", "a.py.", "b ", "-rf", "~", "*", "a:b", "$(reboot).py"])
def test_names_that_mean_something_elsewhere_are_names(folder: Path, name: str) -> None:
    """Nothing of ours writes a student's paths but into the worker's own folder: they may be what they like."""
    (folder / name).touch()
    collected = collect(folder)
    assert name in collected.files
    assert collected.notes == ()


def test_a_path_that_is_too_long_is_left_out(folder: Path) -> None:
    """Paths go to every worker in one message: none may fill it."""
    (folder / ("d" * 150)).mkdir()
    (folder / ("d" * 150) / ("e" * 60 + ".py")).touch()
    collected = collect(folder)
    assert list(collected.files) == ["layers.py"]
    assert "its path is longer than 200 characters" in collected.notes[0]


@pytest.mark.parametrize("name", ["hw.zip", "hw.tar.gz", "hw.TGZ", "hw.7z", "hw.rar", "hw.tar"])
def test_an_archive_is_not_unpacked_and_says_so(folder: Path, name: str) -> None:
    """An archive should be left out with what to do, or a student wonders where the files went."""
    (folder / name).write_bytes(b"PK\x03\x04")
    collected = collect(folder)
    assert collected.notes == (f"{name} was left out: it is an archive; unpack it, and hand in the files themselves",)


@pytest.mark.parametrize("name", ["model.pt", "weights.pth", "data.npy", "data.npz", "train-images.gz", "x.pkl"])
def test_data_is_taken_in_and_never_opened(folder: Path, name: str) -> None:
    """Checkpoints and data are bytes for the worker; what is in them is not looked at here."""
    (folder / name).write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/x'\ntR.")
    assert name in collect(folder).files


def test_an_archive_in_place_of_the_folder_is_refused(folder: Path) -> None:
    """Whoever gives the archive should be told to unpack it."""
    (folder / "hw.zip").touch()
    with pytest.raises(SubmissionError, match=r"hw\.zip is an archive: unpack it, and give the folder"):
        collect(folder / "hw.zip")


def test_a_folder_with_the_name_of_a_file_is_named(folder: Path) -> None:
    """A folder called like the file to hand in should be pointed out; what is in it counts as in any folder."""
    (folder / "build_methods.py").mkdir()
    (folder / "build_methods.py" / "helper.py").touch()
    collected = collect(folder)
    assert "build_methods.py/helper.py" in collected.files
    assert collected.notes == ("build_methods.py is a folder, not a file: hand in the file itself",)
    assert collected.module("build_methods") is None


def test_a_module_that_was_left_out_is_not_called_absent(folder: Path) -> None:
    """What is there and not taken in should be told apart from what is not there."""
    (folder / "training.py").symlink_to("layers.py")
    collected = collect(folder)
    assert collected.left_out_as("training") == ("training.py was left out: it is a link; hand in the file itself.")
    assert collected.left_out_as("layers") == collected.left_out_as("gone") == ""


def test_notes_are_capped_and_counted(folder: Path) -> None:
    """Five hundred links should not give five hundred lines."""
    for number in range(500):
        (folder / f"{number:03}.py").symlink_to("layers.py")
    notes = collect(folder).notes
    assert len(notes) == 21
    assert notes[-1] == "and 480 more"


def test_source_that_reorders_what_is_shown_is_flagged_first(folder: Path) -> None:
    """A bidi control in code should be named with its place, before what was left out."""
    (folder / "a.zip").touch()
    (folder / "layers.py").write_text("x = 1\nadmin = 0  # \u202e\u2066 # begin\ny = '\u2069'\n")
    first, second = collect(folder).notes
    assert first.startswith("layers.py, line 2 holds \\u202e, a character that reorders")
    assert first.endswith(LOOK)
    assert "and 1 more such lines" in first
    assert second.startswith("a.zip")


def test_a_cell_that_reorders_what_is_shown_is_flagged(folder: Path) -> None:
    """The same in a notebook, where it may be spelled as JSON; text cells may be in any language."""
    cells = [
        {"cell_type": "markdown", "source": "\u202b\u202c"},
        {"cell_type": "code", "source": "x"},
        {"cell_type": "code", "source": ["a\n", "b = '\u2067'"]},
    ]
    (folder / "training.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))
    (note,) = collect(folder).notes
    assert note.startswith("training.ipynb, cell 2, line 2 holds \\u2067")


def test_a_trained_model_written_out_is_flagged(folder: Path) -> None:
    """Code of megabytes is no code: above the cap it is left out, below it a person is asked to look."""
    (folder / "layers.py").write_text(f"W = '{'A' * 300_000}'\n")
    (folder / "training.py").write_text(f"W = '{'A' * 5_000_000}'\n")
    collected = collect(folder)
    assert list(collected.files) == ["layers.py"]
    assert collected.notes[0].startswith("layers.py holds 300 kB of code, where a solution takes a few")
    assert collected.notes[1].startswith("training.py was left out: it is larger than 2 MiB")


def test_a_notebook_over_the_cap_says_how_to_make_it_small(folder: Path) -> None:
    """A notebook full of pictures should be left out with what to do, unread."""
    with open(folder / "training.ipynb", "wb") as file:
        file.truncate(1 << 34)
    started = time.process_time()
    (note,) = collect(folder).notes
    assert note == "training.ipynb was left out: it is larger than 20 MiB; clear its outputs, and save"
    assert time.process_time() - started < 1


def test_a_notebook_is_parsed_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every exercise asks for its module, every excerpt for its lines: the notebook should be read once."""
    (folder / "training.ipynb").write_text(json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "x"}]}))
    real, calls = json.loads, []
    monkeypatch.setattr(json, "loads", lambda text: calls.append(1) or real(text))
    collected = collect(folder)
    for _ in range(5):
        assert collected.module("training") is not None
        assert collected.lines("training.ipynb, cell 1") == ["x"]
    assert len(calls) == 1


def test_no_descriptor_is_left_open(folder: Path) -> None:
    """Folders and files should be closed again, also where something is refused half way."""
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "c.py").touch()
    before = len(os.listdir("/proc/self/fd"))
    collect(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "COUNT_CAP", 0)
        with pytest.raises(SubmissionError):
            collect(folder)
    assert len(os.listdir("/proc/self/fd")) == before
