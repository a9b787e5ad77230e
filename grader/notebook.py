"""Notebooks as lists of code cells. Nothing is run here, and saved outputs are never looked at.

A notebook is a stranger's JSON, and this is read in the main process: what it may cost is capped before it is parsed,
and nbformat, which knows the format's versions, is given the code cells alone. It converts and validates whatever it
gets, outputs too, and over a few megabytes of empty objects that takes minutes and gigabytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from grader.errors import SubmissionError
from grader.language import N_, _

SIZE_CAP = 20 << 20  # bytes, saved pictures included
PARTS_CAP = 500_000  # of lists, objects, and what is in them: each costs some 100 bytes in memory, an object more
CELL_CAP = 400  # of code; each is sent to every worker as a part of its own
CODE_CAP = 2 << 20  # bytes of all code cells
_CLEAR = N_("clear its outputs (Edit, Clear Outputs of All Cells), and save")


def cells(name: str, content: bytes) -> list[str]:
    """The sources of the code cells, in order. Raises `SubmissionError` saying what is wrong with the notebook."""
    import nbformat  # a fifth of what the program imports at its start, and many have no notebook

    if len(content) > SIZE_CAP:
        raise SubmissionError(
            _("{name} is larger than {size} MiB: {advice}").format(name=name, size=SIZE_CAP >> 20, advice=_(_CLEAR))
        )
    # Counted in texts, too; even so, a notebook with figures as data stays far below.
    if sum(map(content.count, (b",", b"[", b"{"))) > PARTS_CAP:
        raise SubmissionError(
            _("{name} consists of more than {count:,} parts: {advice}").format(
                name=name, count=PARTS_CAP, advice=_(_CLEAR)
            )
        )
    try:
        data = json.loads(content.decode("utf-8-sig"))
        sources = [_source(cell) for cell in _code_cells(data)]
        if len(sources) > CELL_CAP or sum(map(len, sources)) > CODE_CAP:
            raise SubmissionError(
                _(
                    "{name} holds more than {count} code cells or {size} MiB of code: hand in what "
                    "belongs to the assignment"
                ).format(name=name, count=CELL_CAP, size=CODE_CAP >> 20)
            )
        lean = nbformat.from_dict(_lean(data["nbformat"], sources))
        return [str(cell.source) for cell in nbformat.convert(lean, 4).cells]
    except (ValueError, RecursionError, nbformat.ValidationError) as error:
        raise SubmissionError(
            _("{name} is not a notebook that can be read ({error}): open it, and save it again").format(
                name=name, error=error
            )
        ) from error


def _lean(version: int, sources: list[str]) -> dict[str, Any]:
    """A notebook of that format with nothing but its code."""
    kept: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": []}
    notebook: dict[str, Any] = {"nbformat": version, "nbformat_minor": 0, "metadata": {}}
    if version == 4:
        notebook["cells"] = [{**kept, "execution_count": None, "source": source} for source in sources]
    else:
        lean = [{**kept, "language": "python", "collapsed": False, "input": source} for source in sources]
        notebook["worksheets"] = [{"metadata": {}, "cells": lean}]
    return notebook


def _code_cells(data: Any) -> Iterator[dict[str, Any]]:
    """The code cells of format 4, or of format 3, which keeps them in work sheets."""
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise ValueError(_("it has no nbformat number"))
    if data["nbformat"] < 3:
        raise ValueError(
            _("its format {number} is from before 2013; Jupyter's “nbconvert --to notebook” updates it").format(
                number=data["nbformat"]
            )
        )
    if data["nbformat"] > 4:
        raise ValueError(_("its format {number} is newer than this program").format(number=data["nbformat"]))
    holders = [data] if data["nbformat"] == 4 else _objects(data, "worksheets")
    return (cell for holder in holders for cell in _objects(holder, "cells") if _kind(cell) == "code")


def _objects(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = holder.get(key)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ValueError(_("its {key} are not a list of objects").format(key=key))
    return found


def _kind(cell: dict[str, Any]) -> Any:
    if "cell_type" not in cell:
        raise ValueError(_("a cell has no cell_type"))
    return cell["cell_type"]


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input"))  # format 3 says input
    lines: list[Any] = source if isinstance(source, list) else [source]
    if not all(isinstance(line, str) for line in lines):
        raise ValueError(_("a code cell's source is not text"))
    # JSON can spell half a character, which no file and no worker can be sent.
    return "".join(lines).encode("utf-8", "replace").decode()
