"""Notebooks of any age and editor give their code cells; what is no notebook is refused with what to do."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from grader import notebook
from grader.errors import SubmissionError

UNREADABLE = r"hw\.ipynb is not a notebook that can be read \(.+\): open it, and save it again"


def code(source: Any, **more: Any) -> dict[str, Any]:
    """Give a code cell of the present format, as Jupyter writes it."""
    return {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "execution_count": 1,
        "outputs": [],
        "source": source,
        **more,
    }


def text(source: str) -> dict[str, Any]:
    """Give a markdown cell."""
    return {"cell_type": "markdown", "id": "b", "metadata": {}, "source": source}


def old(source: Any, **more: Any) -> dict[str, Any]:
    """Give a code cell of format 3, where the source is called input."""
    return {"cell_type": "code", "language": "python", "collapsed": False, "outputs": [], "input": source, **more}


def written(*cells: Any, **more: Any) -> bytes:
    """Write a notebook of the present format."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **more}).encode()


def written_long_ago(*sheets: list[Any], **more: Any) -> bytes:
    """Write a notebook of format 3, which has work sheets."""
    worksheets = [{"metadata": {}, "cells": cells} for cells in sheets]
    data = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": worksheets}
    return json.dumps({**data, **more}).encode()


def cells(content: bytes) -> list[str]:
    """Give the code cells of a notebook that was handed in."""
    return notebook.cells("hw.ipynb", content)


def test_sources_are_texts_or_lists_of_lines() -> None:
    """A source should be whole, whichever way it was saved, and cells should keep their order."""
    content = written(code("x = 1\ny = 2"), text("# words"), code(["def f():\n", "    return '层'"]), code(""))
    assert cells(content) == ["x = 1\ny = 2", "def f():\n    return '层'", ""]


def test_the_old_format_gives_its_cells_of_all_sheets() -> None:
    """Format 3 keeps cells in work sheets and sources under another name; headings and other cells are no code."""
    heading = {"cell_type": "heading", "level": 1, "metadata": {}, "source": "Task"}
    page = {"cell_type": "html", "metadata": {}, "source": "<b>"}
    content = written_long_ago([old("x = 1"), heading, page], [old(["y = 2\n", "z = 3"], prompt_number=3)])
    assert cells(content) == ["x = 1", "y = 2\nz = 3"]


@pytest.mark.parametrize(
    "data",
    [
        {"nbformat": 4, "cells": [{"cell_type": "code", "source": "x"}]},
        {"nbformat": 4, "metadata": None, "cells": [{"cell_type": "code", "source": "x", "execution_count": "one"}]},
        {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "x"}]}]},
    ],
)
def test_what_editors_leave_out_is_not_missed(data: dict[str, Any]) -> None:
    """Metadata, minor numbers, ids and outputs should be no condition."""
    assert cells(json.dumps(data).encode()) == ["x"]


def test_a_byte_order_mark_is_no_part_of_the_notebook() -> None:
    """A notebook that was saved with a byte order mark should be read."""
    assert cells(b"\xef\xbb\xbf" + written(code("x"))) == ["x"]


@pytest.mark.parametrize(
    "content",
    [
        written(),
        written(text("only words")),
        written({"cell_type": "raw", "source": "x"}),
        written_long_ago(),
        written_long_ago([]),
    ],
)
def test_a_notebook_without_code_has_no_cells(content: bytes) -> None:
    """A notebook that is empty, or holds words alone, is a notebook."""
    assert cells(content) == []


@pytest.mark.parametrize("outputs", [5, None, [5], [{"output_type": "none such"}], {"data": "import os"}])
def test_outputs_are_never_looked_at(outputs: Any) -> None:
    """Whatever was saved as output, damaged or not, the sources should be the same."""
    assert cells(written(code("x", outputs=outputs))) == ["x"]
    assert cells(written_long_ago([old("x", outputs=outputs)])) == ["x"]


def test_what_outputs_say_is_no_code() -> None:
    """A cell that lies inside an output should not be taken for one of the notebook."""
    assert cells(written(code("x", outputs=[code("hidden")], metadata={"cells": [code("hidden")]}))) == ["x"]


def test_half_a_character_is_replaced() -> None:
    """What JSON can spell and no file can hold should not go further: no worker could be sent it."""
    assert cells(written(code("a = '\ud83d'"))) == ["a = '?'"]
    assert cells(written(code("a = '\U0001f600'"))) == ["a = '\U0001f600'"]


def test_keys_with_the_names_of_methods_are_keys() -> None:
    """A notebook with keys such as `items` or `get` should be read like any other."""
    assert cells(written(code("x", items=1, get=2, pop=3), keys=4, update=5)) == ["x"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value"),
        (b"x = 1\n", "Expecting value"),
        (written(code("x"))[:-2], "delimiter"),
        ("é".encode("latin-1"), "decode"),
        (b"[]", "no nbformat number"),
        (b"5", "no nbformat number"),
        (b"{}", "no nbformat number"),
        (b'{"nbformat": "4", "cells": []}', "no nbformat number"),
        (b'{"nbformat": 2, "worksheets": []}', "its format 2 is from before 2013"),
        (written(nbformat=5), "its format 5 is newer than this program"),
        (b'{"nbformat": 4}', "cells"),
        (written(5), ""),
        (written({"source": "x"}), "cell_type"),
        (written({"cell_type": "code"}), "source"),
        (written(code([5])), "source is not text"),
        (written(code(None)), "source is not text"),
        (written(nbformat=True), "before 2013"),
        (b'{"nbformat": 3, "worksheets": {"cells": []}}', "worksheets"),
    ],
    ids=range(18),
)
def test_what_is_no_notebook_is_refused(content: bytes, reason: str) -> None:
    """Text, half a notebook, other JSON, and formats that cannot be read should be refused by name, with the reason."""
    with pytest.raises(SubmissionError, match=UNREADABLE) as refused:
        cells(content)
    assert reason in str(refused.value)


@pytest.mark.parametrize("depth", [900, 3000, 100_000])
@pytest.mark.parametrize("closed", [True, False])
def test_deep_nesting_is_refused_or_read(depth: int, closed: bool) -> None:
    """Lists inside lists should end in a refusal or in cells, never in a crash."""
    deep = b"[" * depth + b"]" * depth * closed
    try:
        assert cells(written(code("x"))[:-1] + b', "more": ' + deep + b"}") == ["x"]
    except SubmissionError as error:
        assert "is not a notebook that can be read" in str(error)  # noqa: PT017  either way is right


def test_a_notebook_that_is_too_large_says_how_to_make_it_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the cap a notebook should be refused unread; of exactly that size it should be read."""
    assert notebook.SIZE_CAP == 20 << 20
    with pytest.raises(SubmissionError, match=r"hw\.ipynb is larger than 20 MiB: clear its outputs"):
        cells(bytes((20 << 20) + 1))
    content = written(code("x"))
    monkeypatch.setattr(notebook, "SIZE_CAP", len(content))
    assert cells(content) == ["x"]
    with pytest.raises(SubmissionError, match="clear its outputs"):
        cells(content + b" ")


PARTS = notebook.PARTS_CAP + 10


@pytest.mark.parametrize("part", [b"{},", b"[],", b"0,", b'"ab",', b'{"cell_type":"code","source":"x"},'])
@pytest.mark.parametrize("key", ["cells", "more", "outputs"])
def test_a_notebook_of_a_million_parts_is_refused_at_once(key: str, part: bytes) -> None:
    """Lists and objects cost a hundred times the bytes that they are written in: they are counted, not parsed."""
    content = b'{"nbformat": 4, "cells": [], "' + key.encode() + b'": [' + part * PARTS + b"0]}"
    started = time.process_time()
    with pytest.raises(SubmissionError, match=r"hw\.ipynb (consists of more than 500,000 parts|is larger)"):
        cells(content)
    assert time.process_time() - started < 0.5


def test_a_million_levels_are_refused_at_once() -> None:
    """Nesting without end should be refused like any other number of parts."""
    with pytest.raises(SubmissionError, match="parts"):
        cells(b'{"nbformat": 4, "cells": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}")


@pytest.mark.parametrize("more", [b'"%s"' % (b"a" * (19 << 20)), b'"%s"' % (b"\\u0041" * (3 << 20)), b"9" * 4000])
def test_large_outputs_are_read_over_quickly(more: bytes) -> None:
    """A notebook full of saved pictures should be read, in little time."""
    started = time.process_time()
    assert cells(written(code("x"))[:-1] + b', "more": ' + more + b"}") == ["x"]
    assert time.process_time() - started < 2.0


def test_a_number_of_endless_digits_is_refused() -> None:
    """Reading a number takes the square of its digits; Python's own limit should end in a refusal."""
    with pytest.raises(SubmissionError, match=UNREADABLE):
        cells(written(code("x"))[:-1] + b', "more": ' + b"9" * 1_000_000 + b"}")


@pytest.mark.parametrize("sources", [["x"] * 401, ["x" * (3 << 20)]], ids=["cells", "bytes"])
def test_too_much_code_is_refused(sources: list[str]) -> None:
    """More code cells or more code than any assignment takes should be refused by name."""
    with pytest.raises(SubmissionError, match=r"hw\.ipynb holds more than 400 code cells or 2 MiB of code"):
        cells(written(*map(code, sources)))
