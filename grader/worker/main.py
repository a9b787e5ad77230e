"""The worker's loop: one question in, one answer out, until the channel closes.

A question is a frame with ``{"id", "op", "params"}`` and arrays; the answer repeats the id and holds either the
operation's record or the `Problem` that the student's code ended with.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.wire import frames, strict
from grader.worker import adapt, build, dry, facts, forms, forward, loops, operations, sample, standin, training, vision
from grader.worker.problems import SubmissionFault, describe
from grader.worker.student import Student

Arrays = dict[str, np.ndarray]
Answer = tuple[Any, Arrays]
Operation = Callable[[Student, dict[str, Any], Arrays], Answer]

OPERATIONS: dict[str, Operation] = {
    "load": lambda student, params, arrays: (student.load(params, arrays), {}),
    "find": lambda student, params, _: (student.find(params["name"]), {}),
    "build": build.build,
    "tables": build.tables,
    "run": forward.run,
    "dry": dry.dry,
    "sample": sample.sample,
    "operations": operations.operations,
    "begin": training.begin,
    "train": training.train,
    "observe": loops.observe,
    "adapted": lambda student, *_: (adapt.adapted(student.notes), {}),
    "source": facts.source,
    "stand_in": standin.stand_in,
    "forms": forms.forms,
}


def serve(channel: int, box: str) -> None:
    """Answer questions on the descriptor `channel` until it closes. `box` is where the submission's files go."""
    # The zygote's streams believe in seekable files; these are pipes.
    sys.stdout, sys.stderr = (os.fdopen(fd, "w", 1, "utf-8", "backslashreplace", closefd=False) for fd in (1, 2))
    build.watch_sequential()
    vision.install_hook()
    student = Student(box)
    adapt.install(student.notes, box)
    reader = frames.Reader(1 << 30, frames.OWN)
    while chunk := os.read(channel, 1 << 20):
        question = reader.feed(chunk)
        if question is not None:
            reader = frames.Reader(1 << 30, frames.OWN)
            _send(channel, _answer(student, question))


def _answer(student: Student, question: frames.Frame) -> bytes:
    header = question.header
    try:
        adapt.settle()
        record, arrays = OPERATIONS[header["op"]](student, header["params"], question.arrays)
        body = {"id": header["id"], "answer": strict.plain(record)}
    except SubmissionFault as fault:
        body, arrays = {"id": header["id"], "problem": strict.plain(fault.problem)}, {}
    except BaseException as error:  # SystemExit and KeyboardInterrupt of the student's, too
        body, arrays = {"id": header["id"], "problem": strict.plain(describe(error, student.box))}, {}
    return frames.encode(body, arrays)


def _send(channel: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(channel, view) :]
