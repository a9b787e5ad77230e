"""Correct submissions that differ from a solution by one thing only: a solution, made of layers of a student's own.

Each file in `varied/` defines layers that replace torch's of the same name. The tests of fairness grade the results;
`fairness.py` measures how far they are from the solution.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

FILES = {file.stem: file for file in sorted(Path(__file__).with_name("varied").glob("*.py"))}


def varied(solution: bytes, kind: str) -> bytes:
    """The solution with the layers of that file in the place of torch's."""
    own, text = FILES[kind].read_text(encoding="utf-8"), solution.decode()
    for node in ast.parse(own).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            text = re.sub(rf"\b(nn|F)\.{node.name}\(", f"{node.name}(", text)
    return f"{own}\n\n{text}".encode()
