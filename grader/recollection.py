"""Answers kept in memory, for as long as somebody watches a folder: the newest, by code and question."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from grader.answers import Alike, Answer, Known
from grader.evidence import Evidence
from grader.model import Demonstration

MOST_CODES = 400  # pieces of code whose answers are kept; a save makes one for each file, and one for each new form


@dataclass(frozen=True)
class _Held:
    under: str
    given: Evidence | Demonstration

    def unpack(self) -> Evidence | Demonstration:
        return self.given


class Recollection(Mapping[str, Mapping[str, Known]]):
    """What was answered, as `Remembered` wants to know it. Threads may keep while others look."""

    def __init__(self, most: int = MOST_CODES) -> None:
        self._most = most
        self._by_code: OrderedDict[str, dict[str, _Held]] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, code: str) -> Mapping[str, Known]:
        with self._lock:
            self._by_code.move_to_end(code)
            return dict(self._by_code[code])

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._by_code))

    def __len__(self) -> int:
        return len(self._by_code)

    def keep(self, answer: Answer) -> None:
        """Keep an answer, in place of an earlier one to the same question; what nobody asked for long is dropped."""
        with self._lock:
            given = self._placed(answer, answer.given) if isinstance(answer.given, Alike) else answer.given
            if given is None:
                return
            self._by_code.setdefault(answer.code, {})[answer.asked] = _Held(answer.under, given)
            self._by_code.move_to_end(answer.code)
            while len(self._by_code) > self._most:
                self._by_code.popitem(last=False)

    def forget(self, asked: Collection[str] | None = None) -> None:
        """Drop the answers to some questions, or all."""
        with self._lock:
            if asked is None:
                self._by_code.clear()
            for answers in self._by_code.values():
                for question in asked or ():
                    answers.pop(question, None)

    def _placed(self, answer: Answer, alike: Alike) -> Evidence | None:
        """The answer of the form, as this code gives it; None where it was dropped meanwhile."""
        known = self._by_code.get(alike.form, {}).get(answer.asked)
        return alike.placed(known.given) if known is not None and isinstance(known.given, Evidence) else None
