"""Normal forms of submissions, asked of a worker that never runs any of their code (see worker/forms.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType

import numpy as np

from grader import evidence
from grader.errors import SandboxError, WorkerLost
from grader.evidence import Answered
from grader.sandbox.host import Line, Sandbox
from grader.sandbox.limits import MEMORY_LIMIT, Death, Limits
from grader.submission import Module, Submission
from grader.wire.records import Form, Forms

LIMITS = Limits(cpu_seconds=10.0, wall_seconds=60.0)
MOST_READ = 500  # files, before another worker takes over: compiling leaves memory behind


class Reader:
    """Reads submissions, one after the other, with one worker as long as that lives."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._line: Line | None = None
        self._read = 0

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def forms(self, collected: Submission, modules: Mapping[Module, Sequence[str]]) -> dict[tuple[str, str], Form]:
        """The forms of exercises, given as the names in each module: by the module's path, and by name.

        None for what has no form, and none at all where the worker comes to an end over it: that is no fault of
        anybody's, only nothing is known to be the same then. Raises `SandboxError` when no worker can be started, and
        `WorkerLost` when somebody, or a machine without memory, ended the one that there was.
        """
        found: dict[tuple[str, str], Form] = {}
        for module, names in modules.items():
            found |= {(module.path, form.exercise): form for form in self._asked(collected, module, names)}
        return found

    def _asked(self, collected: Submission, module: Module, names: Sequence[str]) -> tuple[Form, ...]:
        paths = sorted(path for path in collected.files if path.endswith(".py"))
        arrays = {str(index): _bytes(collected.files[path]) for index, path in enumerate(paths)}
        arrays |= {f"cell {index}": _bytes(cell.encode()) for index, cell in enumerate(module.cells)}
        params = {"paths": paths, "module": module.stem, "cells": len(module.cells), "names": list(names)}
        if self._line is None or self._read >= MOST_READ:
            self.close()
            self._line, self._read = self._sandbox.open(LIMITS, MOST_READ * LIMITS.cpu_seconds), 0
        self._read += 1
        try:
            outcome = evidence.validate("forms", self._line.ask("forms", params, arrays, LIMITS), params)
        except SandboxError:
            self.close()
            raise
        if isinstance(outcome, Answered) and {form.exercise for form in outcome.record.forms} <= set(names):
            record: Forms = outcome.record
            return record.forms
        self.close()
        if isinstance(outcome, Death) and outcome.kind == MEMORY_LIMIT:
            raise WorkerLost(outcome.detail)
        return ()


def _bytes(content: bytes) -> np.ndarray:
    return np.frombuffer(content, dtype=np.uint8)
