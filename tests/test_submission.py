"""A folder is taken in without running it, blocking on it, or leaving it; whatever is left out is named."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader import snapshot
from grader.errors import SubmissionError
from grader.submission import Submission, collect, folders

ALARM_SECONDS = 30.0  # a blocked read would wait for ever; this is only how long we wait to be sure
NOTEBOOK = b"""{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
    {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "text"},
    {"cell_type": "code", "id": "b", "metadata": {}, "outputs": [], "execution_count": null,
     "source": ["x = 1\\n", "y = 2"]}]}"""


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files into a folder, by their paths in it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def bounded(action: Callable[[], Any]) -> Any:
    """Do something in a thread, so that a block shows as a failure and not as a hanging test session."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(action()), daemon=True)
    thread.start()
    thread.join(ALARM_SECONDS)
    assert not thread.is_alive(), "it blocks"
    return results[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a submission's folder with one file in it."""
    return write(tmp_path / "alice", {"layers.py": "x = 1\n"})


def test_regular_files_are_taken_in_from_all_folders(folder: Path) -> None:
    """Files of any depth should be there by their paths, with their bytes, under the folder's name."""
    write(folder, {"hw/week1/layers.py": "y = 2\n", "hw/notes.txt": b"\xff\x00", "empty.py": ""})
    collected = collect(folder)
    assert collected.name == "alice"
    assert collected.files == {
        "empty.py": b"",
        "hw/notes.txt": b"\xff\x00",
        "hw/week1/layers.py": b"y = 2\n",
        "layers.py": b"x = 1\n",
    }
    assert collected.notes == ()


def test_the_order_of_files_is_fixed(tmp_path: Path) -> None:
    """Files should come by name, whatever the order in which they were made."""
    names = ["b", "a", "c", "Z"]
    for name in names:
        write(tmp_path, {f"{name}.py": ""})
    assert list(collect(tmp_path).files) == ["Z.py", "a.py", "b.py", "c.py"]


@pytest.mark.parametrize("target", ["layers.py", "gone.py", "/etc/passwd", "../secret.py", "sub", ".."])
def test_links_are_left_out_and_named(folder: Path, target: str) -> None:
    """A link to a file, a folder, nothing, or something outside should not be followed, and should be named."""
    write(folder, {"sub/inside.py": ""})
    write(folder.parent, {"secret.py": "the solution"})
    (folder / "link.py").symlink_to(target)
    collected = collect(folder)
    assert sorted(collected.files) == ["layers.py", "sub/inside.py"]
    assert collected.notes == ("link.py was left out: it is a link; hand in the file itself",)


def test_a_folder_given_through_a_link_is_graded(folder: Path) -> None:
    """The folder itself may be a link: the teacher gave it, not the student."""
    (folder.parent / "shortcut").symlink_to(folder)
    assert collect(folder.parent / "shortcut").name == "alice"


def test_a_pipe_is_left_out_and_never_waited_for(folder: Path) -> None:
    """A FIFO that nobody writes to should be named, and should not block."""
    os.mkfifo(folder / "pipe.py")
    collected = bounded(lambda: collect(folder))
    assert collected.notes == ("pipe.py was left out: it is not a regular file; hand in source files only",)
    assert list(collected.files) == ["layers.py"]


def test_a_pipe_with_a_writer_is_not_read(folder: Path) -> None:
    """A FIFO with an endless writer should be left out without a byte of it being read."""
    os.mkfifo(folder / "pipe.py")
    keeper = os.open(folder / "pipe.py", os.O_RDWR)
    try:
        os.write(keeper, b"import os\n")
        assert bounded(lambda: collect(folder)).notes == (
            "pipe.py was left out: it is not a regular file; hand in source files only",
        )
        assert os.read(keeper, 100) == b"import os\n"
    finally:
        os.close(keeper)


def test_a_socket_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket should be left out with a note."""
    monkeypatch.chdir(folder)  # paths of sockets must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("door.py")
        collected = collect(folder)
    assert list(collected.files) == ["layers.py"]
    assert [note.partition(":")[0] for note in collected.notes] == ["door.py was left out"]


def test_a_device_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What opens but is not a regular file, such as an endless device, should be left out."""
    real = os.open

    def zeros(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        return real("/dev/zero" if str(path).endswith("zero.py") else path, flags, *rest, **more)

    write(folder, {"zero.py": "x"})
    monkeypatch.setattr(os, "open", zeros)
    collected = bounded(lambda: collect(folder))
    assert collected.notes == ("zero.py was left out: it is not a regular file; hand in source files only",)


def test_a_file_that_cannot_be_opened_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without permission to read should be left out with the system's reason, and the others graded."""
    real = os.open

    def refuse(path: Any, *rest: Any, **more: Any) -> int:
        if str(path).endswith("mine.py"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)

    write(folder, {"mine.py": ""})
    monkeypatch.setattr(os, "open", refuse)
    assert collect(folder).notes == ("mine.py was left out: Permission denied",)


def test_a_folder_that_cannot_be_listed_is_no_crash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sub-folder without permission should be left out and named, as a file is; not end the batch."""
    real = os.open

    def refuse(path: Any, *rest: Any, **more: Any) -> int:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest, **more)

    write(folder, {"closed/a.py": ""})
    monkeypatch.setattr(os, "open", refuse)
    collected = collect(folder)
    assert list(collected.files) == ["layers.py"]
    assert collected.notes == ("closed was left out: Permission denied; check its permissions",)


@pytest.fixture
def deep(folder: Path) -> Iterator[Path]:
    """Give a submission with folders nested deeper than Python nests calls."""
    made = [folder]
    try:
        for _ in range(1200):
            made.append(made[-1] / "a")
            made[-1].mkdir()
        yield folder
    finally:
        for path in reversed(made[1:]):  # by hand: what clears up after tests is recursive, too
            path.rmdir()


def test_deeply_nested_folders_are_no_crash(deep: Path) -> None:
    """A thousand folders inside each other should be left out from a certain depth on, with what to do."""
    collected = bounded(lambda: collect(deep))
    assert list(collected.files) == ["layers.py"]
    (note,) = collected.notes
    assert note.endswith("was left out: more than 30 folders inside each other; move it up")


def test_folders_are_looked_into_to_a_certain_depth(folder: Path) -> None:
    """A file in thirty folders should be taken in, one in thirty-one left out."""
    write(folder, {"a/" * 30 + "last.py": "", "b/" * 31 + "beyond.py": ""})
    collected = collect(folder)
    assert list(collected.files) == ["a/" * 30 + "last.py", "layers.py"]
    assert [note.partition(" ")[0] for note in collected.notes] == ["b/" * 30 + "b"]


def test_a_huge_file_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file over the cap should be named, one of exactly that size taken in."""
    monkeypatch.setattr(snapshot, "FILE_CAP", 1 << 20)
    write(folder, {"big.bin": bytes((1 << 20) + 1), "full.bin": bytes(1 << 20)})
    collected = collect(folder)
    assert sorted(collected.files) == ["full.bin", "layers.py"]
    assert collected.notes == ("big.bin was left out: it is larger than 1 MiB; hand in source files only",)


def test_a_file_that_claims_terabytes_costs_nothing(folder: Path) -> None:
    """A sparse file of a terabyte should be left out after the cap's bytes."""
    with open(folder / "sparse.py", "wb") as file:
        file.truncate(1 << 40)
    assert collect(folder).notes == ("sparse.py was left out: it is larger than 2 MiB; hand in source files only",)


@pytest.mark.parametrize(("cap", "value"), [("COUNT_CAP", 3), ("TOTAL_CAP", 30)])
def test_too_much_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, cap: str, value: int) -> None:
    """More files or bytes than allowed should be refused, saying what to hand in."""
    write(folder, {"a.py": "0123456789", "b.py": "0123456789"})
    monkeypatch.setattr(snapshot, cap, value)
    assert len(collect(folder).files) == 3
    write(folder, {"c.py": "0123456789"})
    with pytest.raises(SubmissionError, match="hand in source files only"):
        collect(folder)


def test_caches_and_hidden_files_are_ignored(folder: Path) -> None:
    """What tools leave behind should be neither taken in nor mentioned."""
    write(folder, dict.fromkeys(["__pycache__/x.py", "a/venv/b.py", "x.pyc", "lib.so", "node_modules/m.py"], ""))
    write(folder, dict.fromkeys([".git/config", ".hidden.py", ".ipynb_checkpoints/layers.py"], ""))
    assert collect(folder) == Submission("alice", {"layers.py": b"x = 1\n"})


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder with nothing to grade, or only what is ignored, should be refused by name."""
    write(tmp_path, {"sub/x.pyc": ""})
    with pytest.raises(SubmissionError, match=f"{tmp_path} holds no file that can be graded: put the .py or"):
        collect(tmp_path)


def test_a_folder_of_which_nothing_is_left_says_why(tmp_path: Path) -> None:
    """Where all that there is was left out, the reason should be part of the refusal."""
    (tmp_path / "layers.py").symlink_to("gone.py")
    with pytest.raises(SubmissionError, match=r"holds no file .*: layers\.py was left out: it is a link; hand in"):
        collect(tmp_path)


@pytest.mark.parametrize("take_in", [collect, folders])
def test_a_missing_folder_is_refused(tmp_path: Path, take_in: Callable[[Path], Any]) -> None:
    """A folder that is not there should be named."""
    with pytest.raises(SubmissionError, match="alicia does not exist: check its spelling"):
        take_in(tmp_path / "alicia")


@pytest.mark.parametrize("take_in", [collect, folders])
def test_a_file_in_place_of_a_folder_is_refused(folder: Path, take_in: Callable[[Path], Any]) -> None:
    """Whoever gives the file should be told to give the folder."""
    with pytest.raises(SubmissionError, match=r"layers\.py is a file: give the folder that holds the submission"):
        take_in(folder / "layers.py")


def test_a_folder_without_permission_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be read should be refused with what to check."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SubmissionError, match="alice cannot be read: check its permissions"):
        collect(folder)


def test_a_class_is_its_folders_by_name(tmp_path: Path) -> None:
    """Students should come by name; files, hidden folders and those with an underscore are no students."""
    for name in ("bob", "alice", ".git", "__pycache__", "Zoe"):
        (tmp_path / name).mkdir()
    write(tmp_path, {"readme.md": ""})
    assert [path.name for path in folders(tmp_path)] == ["Zoe", "alice", "bob"]


def test_a_class_without_students_is_refused(tmp_path: Path) -> None:
    """A folder without folders should be refused, saying what is expected."""
    with pytest.raises(SubmissionError, match="expected one folder for each student"):
        folders(write(tmp_path, {"layers.py": ""}))


def handed_in(*paths: str) -> Submission:
    """Give a submission of empty files."""
    return Submission("alice", dict.fromkeys(paths, b""))


@pytest.mark.parametrize(
    ("paths", "module"),
    [
        (["layers.py"], "layers"),
        (["hw/week1/layers.py"], "hw/week1/layers"),
        (["a/layers.py", "layers.py"], "layers"),
        (["a/b/layers.py", "c/layers.py"], "c/layers"),
        (["layers.pyx", "my_layers.py", "layers/x.py"], None),
        (["hw/layers.pyc", "layers.ipynb.bak"], None),
        ([], None),
    ],
)
def test_the_module_is_found_nearest_to_the_top(paths: list[str], module: str | None) -> None:
    """The file nearest to the top should be meant; another name should not."""
    found = handed_in(*paths).module("layers")
    assert (found.stem if found else None) == module
    assert found is None or (found.path, found.cells) == (f"{module}.py", ())


@pytest.mark.parametrize("paths", [["a/layers.py", "b/layers.py"], ["layers.ipynb", "layers.py"]])
def test_two_candidates_are_refused_by_name(paths: list[str]) -> None:
    """Two files of which either may be meant should both be named, with what to do."""
    with pytest.raises(SubmissionError, match="keep the one that is to be graded") as refused:
        handed_in(*paths).module("layers")
    assert all(path in str(refused.value) for path in paths)


def test_a_notebook_is_a_module_of_its_cells() -> None:
    """A notebook of that name should be found in any folder, with its code cells, which can be shown one by one."""
    collected = Submission("alice", {"hw/layers.ipynb": NOTEBOOK, "players.ipynb": b""})
    module = collected.module("layers")
    assert module is not None
    assert (module.stem, module.path, module.cells) == ("hw/layers", "hw/layers.ipynb", ("x = 1\ny = 2",))
    assert collected.lines("hw/layers.ipynb, cell 1") == ["x = 1", "y = 2"]
    assert collected.lines("hw/layers.ipynb, cell 2") == []


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"not json", b'{"nbformat": 4}', b"[" * 100_000, b"\xff"])
def test_a_notebook_that_cannot_be_read_is_refused(content: bytes) -> None:
    """What is no notebook should be refused by name, with what to do."""
    with pytest.raises(SubmissionError, match=r"layers\.ipynb is not a notebook that can be read"):
        Submission("alice", {"layers.ipynb": content}).module("layers")


def test_the_fingerprint_depends_on_names_and_contents_alone() -> None:
    """Another name, another byte, or bytes moved between files should change it; the order should not."""
    files = {"a.py": b"12", "b.py": b"3"}
    other = [
        {"a.py": b"12"},
        {"a.py": b"1", "b.py": b"23"},
        {"a.py": b"12", "c.py": b"3"},
        {"a.py": b"12", "b.py": b"4"},
        {"a.py": b"122 1 b.py3"},
    ]
    prints = {Submission("x", each).fingerprint for each in (files, *other)}
    assert len(prints) == len(other) + 1
    assert Submission("y", dict(reversed(files.items()))).fingerprint == Submission("x", files).fingerprint


def test_the_fingerprint_takes_names_in_any_encoding() -> None:
    """A file name that is not UTF-8, as old archives make them, should have a fingerprint, too."""
    name = os.fsdecode("作业.py".encode("gbk"))
    assert len({Submission("x", {path: b""}).fingerprint for path in (name, "作业.py", "a.py")}) == 3


@pytest.mark.parametrize("path", ["作业.py", "作业/layers.py"])
def test_names_that_are_not_in_utf8_are_left_out_and_named(folder: Path, path: str) -> None:
    """A file or folder whose name cannot be sent or shown should be left out, and named in a way that can."""
    write(folder, {os.fsdecode(path.encode("gbk")): ""})
    collected = collect(folder)
    assert list(collected.files) == ["layers.py"]
    (note,) = collected.notes
    assert note.encode().startswith(b"\\udcd7\\udcf7")
    assert note.endswith("was left out: its name is not in UTF-8; rename it")


def test_a_submission_in_a_folder_of_any_name_can_be_shown(tmp_path: Path) -> None:
    """A student's folder whose name is not UTF-8 should be graded, under a name that can be printed."""
    folder = write(tmp_path / os.fsdecode("张三".encode("gbk")), {"layers.py": ""})
    assert collect(folder).name.encode() == b"\\udcd5\\udcc5\\udcc8\\udcfd"
    (folder / "layers.py").unlink()
    with pytest.raises(SubmissionError) as refused:
        collect(folder)
    assert str(refused.value).encode()


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"a = 1\nb = 2\n", ["a = 1", "b = 2"]),
        (b"a = 1\r\nb = 2\r\n", ["a = 1", "b = 2"]),
        ("\ufeffé = 1\n".encode(), ["é = 1"]),
        ("# coding: gbk\nx = '层'\n".encode("gbk"), ["# coding: gbk", "x = '层'"]),
        ("#!/usr/bin/python\n# -*- coding: latin-1 -*-\né = 1".encode("latin-1"), None),
        ("x = '层'\n".encode("gbk"), ["x = '\ufffd\ufffd'"]),
        (b"# coding: klingon\nx = 1\n", ["# coding: klingon", "x = 1"]),
        (b"", []),
    ],
)
def test_lines_are_decoded_as_python_would(content: bytes, lines: list[str] | None) -> None:
    """Coding lines, byte order marks and line ends should be understood; what does not decode is replaced."""
    expected = ["#!/usr/bin/python", "# -*- coding: latin-1 -*-", "é = 1"] if lines is None else lines
    assert Submission("x", {"a.py": content}).lines("a.py") == expected


def test_a_file_that_is_not_there_has_no_lines() -> None:
    """A path that the worker made up should give no lines, wherever it points."""
    assert handed_in("a.py").lines("/etc/passwd") == []
    assert handed_in("a.py").lines("../a.py") == []


PLACES = ["a.py, cell 1", "gone.ipynb, cell 1", "bad.ipynb, cell 1"]
PLACES += [
    f"a.ipynb, cell {number}" for number in ("", "x", "0", "-1", "2", "1.0", "١", "9" * 5000, "1, cell 1", "1\n")
]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ascii(path)[:40])
def test_a_cell_that_is_not_there_has_no_lines(path: str) -> None:
    """A place in a notebook that the worker made up should give no lines, and break nothing."""
    assert Submission("x", {"a.py": b"x", "a.ipynb": NOTEBOOK, "bad.ipynb": b"{"}).lines(path) == []


@pytest.mark.parametrize("codec", ["rot13", "hex", "zlib", "undefined", "idna", "klingon", "utf-16"])
def test_a_coding_line_with_no_text_encoding_is_no_crash(codec: str) -> None:
    """A codec that Python has, but not for source files, should be shown as well as may be."""
    assert len(Submission("x", {"a.py": f"# coding: {codec}\nx = 1\n".encode()}).lines("a.py")) == 2


def test_a_coding_line_that_makes_reading_slow_is_not_followed() -> None:
    """Punycode takes time by the square of what it reads, and is no encoding for source: it should not be used."""
    content = b"# coding: punycode\n" + b"a" * 1_000_000 + b"-" + b"a" * 1_000_000
    assert len(bounded(lambda: Submission("x", {"a.py": content}).lines("a.py"))) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["a.py", "a.ipynb, cell 1"])
def test_lines_end_as_python_ends_them(name: str, end: str) -> None:
    """Every line end that Python knows should end a line, in files and in cells."""
    source = end.join(["a = 1", "", "b = '\f'", ""])
    cell = {"cell_type": "code", "source": source}
    files = {"a.py": source.encode(), "a.ipynb": json.dumps({"nbformat": 4, "cells": [cell]}).encode()}
    assert Submission("x", files).lines(name) == ["a = 1", "", "b = '\f'"]


@pytest.mark.parametrize("odd", ["\f", "\v", "\x1c", "\x85", "\u2028"])
def test_lines_are_numbered_as_python_numbers_them(odd: str) -> None:
    """Form feeds and other separators should not end a line, or every place below them is shown wrongly."""
    assert Submission("x", {"a.py": f"a = '{odd}'\nb = 2\n".encode()}).lines("a.py")[1] == "b = 2"


@pytest.mark.parametrize(("path", "found"), [("a.py", True), ("notes.txt", False)])
def test_mentions_looks_into_python_files_alone(path: str, found: bool) -> None:
    """A word should be found in source files and nowhere else."""
    assert Submission("x", {path: b"import torch.optim\n"}).mentions(b"optim") is found


def test_files_are_opened_without_running_or_changing_them(folder: Path) -> None:
    """Taking in should leave contents and modes as they were."""
    write(folder, {"run.py": "raise SystemExit('never')\n"})
    (folder / "run.py").chmod(0o755)
    collect(folder)
    assert (folder / "run.py").read_text() == "raise SystemExit('never')\n"
    assert stat.S_IMODE((folder / "run.py").stat().st_mode) == 0o755
