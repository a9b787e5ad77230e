"""Running a submission's top-level code: a module statement by statement, a notebook cell by cell.

A training run at the top level is allowed, and must not take the grading down: a statement that uses too much
computing time is interrupted, and what comes after it still runs. In a notebook an exception ends its cell only, as
it does for the student; in a module it ends the import, as it does in Python.
"""

from __future__ import annotations
import __future__

import ast
import linecache
import re
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from grader.wire.records import Stumble
from grader.worker.problems import describe

STATEMENT_SECONDS = 4.0  # of computing time for one statement at the top level
_FUTURES = {name: getattr(__future__, name).compiler_flag for name in __future__.all_feature_names}
_MAGIC = re.compile(r"^\s*(?:[\w.,\s]+=\s*)?[%!?]|\?\s*$")
_HARMLESS_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")


class Interrupted(BaseException):
    """A statement at the top level took too long. Not an Exception, so that no `except Exception` swallows it."""


def run_module(source: bytes, path: str, namespace: dict[str, Any], box: str) -> list[Stumble]:
    """Run a module's source. Raises what it raises; returns where it was interrupted."""
    return list(_run(source, path, namespace, box))


def run_cells(sources: list[str], path: str, namespace: dict[str, Any], box: str) -> list[Stumble]:
    """Run a notebook's code cells in order. `path` is the notebook's; a cell's code is placed at ``path, cell N``."""
    stumbles: list[Stumble] = []
    for number, source in enumerate(sources, start=1):
        name = f"{path}, cell {number}"
        try:
            plain = without_magics(source)
            # Tracebacks show the student's line only if it can be looked up.
            linecache.cache[name] = (len(plain), None, plain.splitlines(keepends=True), name)
            stumbles += _run(plain, name, namespace, box)
        except BaseException as error:  # the cell ends, SystemExit included; the next one runs
            stumbles.append(Stumble(f"cell {number}", describe(error, box)))
    return stumbles


def _run(source: str | bytes, path: str, namespace: dict[str, Any], box: str) -> Iterator[Stumble]:
    flags = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        tree = ast.parse(source, path)
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            flags |= sum(_FUTURES[alias.name] for alias in statement.names)
        code = compile(ast.Module([statement], []), path, "exec", flags, dont_inherit=True)
        try:
            with _bounded():
                exec(code, namespace)
        except Interrupted as error:
            yield Stumble(f"line {statement.lineno}", describe(error, box))


@contextmanager
def _bounded() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interrupted(f"more than {STATEMENT_SECONDS:g} s of computing time at the top level of the file")

    signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, STATEMENT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def without_magics(source: str) -> str:
    """A cell's source with IPython's own lines taken out; line numbers stay.

    A line is taken out only where Python itself stumbles over it, so that ``%`` inside an expression is safe. Cells
    that hand their whole body to a program (``%%bash``, ``%%html``, …) become empty.
    """
    lines = source.splitlines()
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(_HARMLESS_CELL_MAGICS):
        return "\n" * len(lines)
    for _ in range(len(lines)):
        broken = _first_broken_line("\n".join(lines))
        magic = next((n for n in (broken, broken - 1) if 0 <= n < len(lines) and _MAGIC.search(lines[n])), None)
        if magic is None:
            break
        lines[magic] = _neutral(lines[magic])
    return "\n".join(lines)


def _first_broken_line(source: str) -> int:
    """The index of the line at which Python's grammar gives up; -1 where it does not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            ast.parse(source)
    except SyntaxError as error:
        return (error.lineno or 0) - 1
    return -1


def _neutral(line: str) -> str:
    """``x = !ls`` becomes ``x = None``, any other magic ``pass``; indentation stays."""
    indent = line[: len(line) - len(line.lstrip())]
    target, equals, _ = line.strip().partition("=")
    return f"{indent}{target.strip()} = None" if equals and target.strip().isidentifier() else f"{indent}pass"
