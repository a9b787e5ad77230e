"""Exceptions of the student's code as data: the type, the message, and the frames that are the student's own."""

from __future__ import annotations

import dataclasses
import linecache
import mmap
import os
import resource
import traceback

from grader.wire.records import Frame, Problem

MESSAGE_CAP = 2_000  # characters
FRAME_CAP = 12
_PIECE = 1 << 20  # bytes: how closely free memory is measured


class SubmissionFault(Exception):
    """Something is wrong with the submission that is not an exception of its own; carries its `Problem`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(kind, message, (), None)


def describe(error: BaseException, box: str) -> Problem:
    """Turn an exception into a `Problem`. Only frames of files below `box` are kept: ours help nobody."""
    own = _own_frames(error, box)
    column = None
    if isinstance(error, SyntaxError) and _below(error.filename, box):
        text = (error.text or "").rstrip("\n")
        own = (*own, Frame(os.path.relpath(error.filename or "", box), error.lineno or 0, "", text))
        column = error.offset
    problem = Problem(type(error).__name__, _message(error), own[-FRAME_CAP:], column)
    return dataclasses.replace(problem, unused_bytes=_unused_bytes()) if problem.out_of_memory else problem


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return error.msg or "invalid syntax"
    try:
        text = str(error)
    except BaseException:  # an exception whose __str__ raises, or exits
        text = "(the message cannot be printed)"
    return text[:MESSAGE_CAP]


def _unused_bytes() -> int | None:
    """The largest piece of address space still to be had; None where there is no limit to it.

    Found by asking, since there may be no /proc to look it up. Nothing is written there, so no memory is used.
    """
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY:
        return None
    least = 0
    while most - least > _PIECE:
        size = (least + most) // 2
        try:
            mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
            least = size
        except (OSError, MemoryError):
            most = size
    return least


def _own_frames(error: BaseException, box: str) -> tuple[Frame, ...]:
    return tuple(
        Frame(
            os.path.relpath(frame.f_code.co_filename, box),
            line,
            frame.f_code.co_name,
            linecache.getline(frame.f_code.co_filename, line).strip()[:200],
        )
        for frame, line in traceback.walk_tb(error.__traceback__)
        if _below(frame.f_code.co_filename, box)
    )


def _below(path: str | None, box: str) -> bool:
    return bool(path) and os.path.abspath(str(path)).startswith(box.rstrip("/") + "/")
