"""One subject in a worker of its own, that can be asked again and again: for diagnoses, which ask as they go."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from grader import evidence
from grader.errors import WorkerLost
from grader.evidence import Answered, Outcome
from grader.language import _
from grader.plan import Probe
from grader.sandbox.host import Sandbox
from grader.sandbox.limits import MEMORY_LIMIT, Death


class Subject:
    """A fresh worker that has loaded one subject's files. `load` is the question that loads them, and its limits hold
    for every other one. Raises `SandboxError` when no worker can be started, `WorkerLost` when it is killed."""

    def __init__(self, sandbox: Sandbox, load: Probe) -> None:
        self._limits = load.limits
        self._line = sandbox.open(load.limits, load.limits.cpu_seconds)
        try:
            reply = self._line.ask(load.op, load.params, load.arrays, load.limits)
            self._loaded = _not_killed(evidence.validate(load.op, reply))
        except BaseException:
            self._line.close()
            raise

    def __enter__(self) -> Subject:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def ask(
        self, op: str, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray] = MappingProxyType({})
    ) -> Outcome:
        """The outcome of one question; of the loading, where that did not succeed."""
        if not isinstance(self._loaded, Answered):
            return self._loaded
        return _not_killed(evidence.validate(op, self._line.ask(op, params, arrays, self._limits), params))


def _not_killed(outcome: Outcome) -> Outcome:
    """The outcome. Raises `WorkerLost` where the worker was ended by nobody knows whom: that must show nothing."""
    if isinstance(outcome, Death) and outcome.kind == MEMORY_LIMIT:
        raise WorkerLost(_("a worker was killed: {how}").format(how=outcome.detail))
    return outcome
