"""The table of a class opens in a spreadsheet as what it is: names as names, numbers as numbers, nothing computed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import grades
import pytest
from classes import FORMULAS, answered, entry, hostile_class, sample_class
from hypothesis import given
from hypothesis import strategies as st

from grader.classroom import survey
from grader.entry import Entry
from grader.model import Override
from grader.report import spreadsheet

NUMBER = re.compile(r"-?\d+(\.\d+)?")
ENDS = ["needs a person", "overrides", "fingerprint", "device"]


def written(entries: list[Entry], folder: Path) -> tuple[str, list[dict[str, str]]]:
    """The text of the table, and its rows by the names of their columns."""
    path = spreadsheet.write(entries, folder, survey(entries).exercise_ids)
    text = path.read_bytes().decode("utf-8-sig")
    return text, list(csv.DictReader(io.StringIO(text)))


def test_each_submission_has_a_row_with_its_figures(tmp_path: Path) -> None:
    """Score, assignments and exercises should be the points that count, and each in its column."""
    _, rows = written(sample_class(), tmp_path)
    assert [row["submission"] for row in rows] == ["alice", "bob", "carol", "dora", "emil", "张伟", "zoe"]
    alice, bob = rows[:2]
    assert [alice[name] for name in ("score", "max score", "layers", "residual_blocks", "training")] == [
        *("80.5", "145", "35", "45.5", "0")
    ]
    assert [bob[name] for name in ("score", "layers", "layers.conv_relu_pool")] == ["88", "42.5", "7.5"]
    assert alice["layers.conv_relu_pool"] == "0"
    assert list(alice)[-4:] == ENDS
    assert alice["device"] == "cpu"


def test_what_a_person_did_and_has_to_do_is_said(tmp_path: Path) -> None:
    """Overrides should stand with what the grader said, and trouble with its words."""
    _, rows = written(sample_class(), tmp_path)
    by_name = {row["submission"]: row for row in rows}
    assert by_name["bob"]["overrides"] == (
        "layers.conv_relu_pool: 7.5 instead of 0, m.weber, 2026-11-20T14:05:00Z: It was shown in the lab"
    )
    assert by_name["carol"]["needs a person"] == "put the .py file into it"
    assert by_name["emil"]["needs a person"] == "quarantined"
    assert by_name["zoe"]["needs a person"] == by_name["zoe"]["overrides"] == ""


def test_what_is_not_there_is_not_zero(tmp_path: Path) -> None:
    """Without a grade, and for exercises that were not asked, cells should be empty."""
    _, rows = written(sample_class(), tmp_path)
    carol, dora = rows[2], rows[3]
    assert {carol[name] for name in ("score", "max score", "layers", "layers.linear_module")} == {""}
    assert (dora["training"], dora["training.fit"]) == ("", "")


def test_excel_reads_it_as_it_is(tmp_path: Path) -> None:
    """It should begin with the mark of UTF-8, end its lines as Excel does, and have numbers without quotes."""
    entries = [entry("Müller", answered("a.one", True, points=7.5))]
    path = spreadsheet.write(entries, tmp_path, ["a.one"])
    assert path.name == "grades.csv"
    assert path.read_bytes() == (
        b'\xef\xbb\xbf"submission","score","max score","a","a.one","needs a person","overrides","fingerprint","device"'
        b'\r\n"M\xc3\xbcller",7.5,7.5,7.5,7.5,"","","","cpu"\r\n'
    )


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_text(tmp_path: Path, text: str) -> None:
    """A name that a spreadsheet would compute should begin with an apostrophe, and be all there."""
    raw, rows = written([Entry(text, None, text)], tmp_path)
    assert rows[0]["submission"].startswith("'")
    assert rows[0]["needs a person"].startswith("'")
    assert raw.count("\r\n") == 2
    assert "\"'" in raw


def test_negative_points_stay_a_number(tmp_path: Path) -> None:
    """Points below zero, as a person may set them, should not become text."""
    entries = [entry("ann", answered("a.one", False), overrides=(Override("a.one", -2.5, "=late", "m", ""),))]
    raw, rows = written(entries, tmp_path)
    assert '"ann",-2.5,10,-2.5,-2.5,' in raw
    assert rows[0]["overrides"].startswith("a.one: -2.5 instead of 0")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_computed_wherever_it_is_read(tmp_path: Path, separator: str) -> None:
    """Whatever separates cells in a country, no cell of a hostile class should begin like a formula, or begin anew."""
    raw, _ = written(hostile_class(), tmp_path)
    cells = [cell for row in csv.reader(io.StringIO(raw), delimiter=separator) for cell in row]
    starts = [cell for cell in cells if re.match(r"\s*[=+\-@＝＋－＠|\t\r]", cell)]
    assert not [cell for cell in starts if not NUMBER.fullmatch(cell)]


def test_a_table_of_a_hostile_class_keeps_its_form(tmp_path: Path) -> None:
    """No text should add a row or a cell."""
    entries = hostile_class()
    raw, rows = written(entries, tmp_path)
    assert len(rows) == len(entries)
    assert len({len(row) for row in csv.reader(io.StringIO(raw))}) == 1


@pytest.mark.parametrize("text", ["ok;=1+1", 'ok;"=1+1', 'x";=1+1', "ok; -2 for lateness", "ok;＝1"])
def test_what_follows_a_semicolon_is_text_too(text: str) -> None:
    """In many countries a semicolon begins a cell."""
    assert ";'" in spreadsheet.safe(text)


@given(st.text())
def test_any_text_comes_back_on_one_line(text: str) -> None:
    """No text should break its row, begin a formula or hide in a cell."""
    shown = spreadsheet.safe(text)
    assert "\n" not in shown
    assert "\r" not in shown
    assert not re.match(r"[\s]*[=+\-@＝＋－＠|\t\r\n]", shown)
    shown.encode("utf-8")


@pytest.mark.parametrize("text", ["alice", "张伟", "O'Neil, Ann", "2023001", "a=b", "week 1"])
def test_ordinary_names_are_left_alone(text: str) -> None:
    """A name that nothing computes should stay what it is."""
    assert spreadsheet.safe(text) == text


def test_rows_are_written_as_they_come_and_seen_when_all_are_there(tmp_path: Path) -> None:
    """Entries should be taken one by one; where one fails, the old table should stay and no draft be left."""
    spreadsheet.write([Entry("old", None)], tmp_path, [])

    def stream() -> Iterator[Entry]:
        yield entry("ann", answered("a.one", True))
        assert "old" in (tmp_path / "grades.csv").read_text("utf-8-sig")
        raise OSError(5, "the database is gone")

    with pytest.raises(OSError, match="gone"):
        spreadsheet.write(stream(), tmp_path, ["a.one"])
    assert [path.name for path in tmp_path.iterdir()] == ["grades.csv"]
    assert "old" in (tmp_path / "grades.csv").read_text("utf-8-sig")


def test_an_exercise_without_a_column_still_counts(tmp_path: Path) -> None:
    """Columns that were asked for should be those that are there, and the score that of the whole."""
    path = spreadsheet.write([Entry("ann", grades.sample_grade())], tmp_path, ["training.fit"])
    (row,) = csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))
    assert list(row) == ["submission", "score", "max score", "training", "training.fit", *ENDS]
    assert row["score"] == "80.5"
