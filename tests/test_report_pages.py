"""A page lies in its folder under a name of its own, whole or not at all, whatever a submission is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.pages import Names, put


@pytest.mark.parametrize("name", ["alice", "张伟", "José Ñandú", "week 1 (late)", "a.b-c_d", "12345"])
def test_ordinary_names_are_kept(name: str) -> None:
    """A page should be found under the name of its student."""
    assert Names().of(name) == f"{name}.html"


HARD = ["", ".", "..", "../../gradebook", "a/b", "/etc/passwd", "C:\\x", "a\0b", "\n", "\x1b[2J", "\u202e", "x" * 5_000]
HARD += ["张" * 300, "CON", "con.tar", "aux", "lpt1", "a.", "a ", "-rf", ".hidden", "a*b", "\ud800", "a\\udcd7"]


@pytest.mark.parametrize("name", HARD, ids=range(len(HARD)))
def test_hostile_names_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    """Whatever a folder is called, the page should lie in the folder for pages, under a name that any disk takes."""
    file = Names().of(name)
    path = put("page", tmp_path / "out", file)
    assert path.resolve().parent == (tmp_path / "out").resolve()
    assert [each.name for each in (tmp_path / "out").iterdir()] == [file]
    assert file.isprintable()
    assert not set('/\\:*?"<>|') & set(file)
    assert file[0] not in ".-"
    assert len(file.encode()) < 150


@given(st.lists(st.text() | st.sampled_from(HARD), unique=True, max_size=30))
def test_no_two_submissions_share_a_page(names: list[str]) -> None:
    """Different names should give different files, also where case is not told apart."""
    pages = Names()
    files = [pages.of(name) for name in names]
    assert len({file.casefold() for file in files}) == len(names)


def test_names_that_differ_in_case_alone_get_two_pages() -> None:
    """The second one should carry a mark, and the same one each time."""
    first, second = (names := Names()).of("Alice"), names.of("alice")
    assert first == "Alice.html"
    assert second != "alice.html"
    assert second.startswith("alice-")
    again = Names()
    assert [again.of("Alice"), again.of("alice")] == [first, second]


def test_a_link_with_the_name_of_a_page_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """A link that lies ready should not make us write elsewhere."""
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "bob.html").symlink_to(tmp_path / "precious")
    put("page", tmp_path / "out", "bob.html")
    assert (tmp_path / "precious").read_text() == "mine"
    assert (tmp_path / "out" / "bob.html").read_text() == "page"
    assert not (tmp_path / "out" / "bob.html").is_symlink()


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk should leave neither half a page nor a draft."""
    put("old", tmp_path, "bob.html")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        put("new", tmp_path, "bob.html")
    assert os.listdir(tmp_path) == ["bob.html"]
    assert (tmp_path / "bob.html").read_text() == "old"


def test_a_page_is_readable_like_any_file(tmp_path: Path) -> None:
    """Whoever may read new files there should be able to read the page."""
    (tmp_path / "plain").touch()
    assert put("page", tmp_path, "bob.html").stat().st_mode == (tmp_path / "plain").stat().st_mode
