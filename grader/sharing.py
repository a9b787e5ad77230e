"""Evidence of many that are nearly alike, kept in little room: what is equal in two of them is there once."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from grader.evidence import Answered, Evidence, Outcome


class Shared:
    """Takes evidence in, and gives the same with its equal parts shared."""

    def __init__(self) -> None:
        self._parts: dict[Any, Any] = {}

    def of(self, found: Evidence) -> Evidence:
        """The same evidence. Its arrays are copies, which keep nothing alive that they came from."""
        return Evidence({probe: self._outcome(outcome) for probe, outcome in found.outcomes.items()}, found.output)

    def _outcome(self, outcome: Outcome) -> Outcome:
        if not isinstance(outcome, Answered):
            return outcome
        arrays = {name: self._array(array) for name, array in outcome.arrays.items()}
        return Answered(self._parts.setdefault(outcome.record, outcome.record), arrays)

    def _array(self, array: np.ndarray) -> np.ndarray:
        key = array.dtype.str, array.shape, hashlib.sha256(array.tobytes()).digest()
        if key not in self._parts:
            self._parts[key] = array.copy()
        return self._parts[key]  # type: ignore[no-any-return]
