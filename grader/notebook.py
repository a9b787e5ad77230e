"""Notebooks as lists of code cells. Nothing is run here, and saved outputs are never looked at."""

from __future__ import annotations

import json
from typing import Any

import nbformat

from grader.errors import SubmissionError

SIZE_CAP = 20 << 20  # bytes, saved pictures included


def cells(name: str, content: bytes) -> list[str]:
    """The sources of the code cells, in order. Raises `SubmissionError` saying what is wrong with the notebook."""
    if len(content) > SIZE_CAP:
        raise SubmissionError(
            f"{name} is larger than {SIZE_CAP >> 20} MiB: clear its outputs "
            "(Edit, Clear Outputs of All Cells), and save"
        )
    try:
        data = json.loads(content.decode("utf-8-sig"), object_hook=_without_outputs)
        _expect_notebook(data)
        notebook = nbformat.convert(nbformat.from_dict(_with_metadata(data)), 4)
        return [_source(cell) for cell in notebook.cells if cell.cell_type == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, nbformat.ValidationError) as error:
        raise SubmissionError(
            f"{name} is not a notebook that can be read ({error}): open it, and save it again"
        ) from error


def _expect_notebook(data: Any) -> None:
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise ValueError("it has no nbformat number")
    if data["nbformat"] < 3:
        raise ValueError(
            f"its format {data['nbformat']} is from before 2013; Jupyter's “nbconvert --to notebook” updates it"
        )
    if data["nbformat"] > 4:
        raise ValueError(f"its format {data['nbformat']} is newer than this program")


def _without_outputs(item: dict[str, Any]) -> dict[str, Any]:
    """A code cell as if it had never been run: converters would read its outputs, and fail where they are damaged."""
    return {**item, "outputs": []} if item.get("cell_type") == "code" else item


def _with_metadata(data: dict[str, Any]) -> dict[str, Any]:
    """The few keys that converters take for granted and some editors leave out."""
    return {"metadata": {}, "nbformat_minor": 0, **data}


def _source(cell: Any) -> str:
    source = cell.source
    text = "".join(source) if isinstance(source, list) else str(source)
    # JSON can spell half a character, which no file and no worker can be sent.
    return text.encode("utf-8", "replace").decode()
