"""The smallest call that shows how a student's outputs differ from the reference's, as code to paste.

Hypothesis looks for it and shrinks it. Both subjects answer in workers of their own; they are compared here. What the
reference refuses is no example.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from grader.checks.question import Question
from grader.course import Exercise
from grader.diagnosis import paste
from grader.diagnosis.contrast import Contrast, contrast
from grader.diagnosis.domain import Domain
from grader.diagnosis.paste import EVAL, FEW_FILLINGS, FILLINGS, SHARES, TRAIN, WEIGHTS, Example
from grader.diagnosis.subject import Subject
from grader.errors import WorkerLost
from grader.evidence import Answered, Outcome
from grader.wire.records import Problem

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

MOST_EXAMPLES = 60  # after that, everything counts as equal
# After that, too. Far away, so that the number of examples decides, which is the same on a busy machine: a search takes
# about a third of a second, of a large network two.
WALL_SECONDS = 15.0
_SEED = 1


@dataclass(frozen=True)
class CounterExample:
    """A call that shows the difference. `code` is complete after `imports`, and its last line prints `yours`, where
    `expected` would be right. `examples` is how many calls were tried."""

    imports: str
    code: str
    yours: str
    expected: str
    examples: int


def find(question: Question, student: Subject, reference: Subject, module: str | None) -> CounterExample | None:
    """The smallest call found where the student's exercise differs from the reference; None where none was found.

    `module` is what to import the exercise from, None for a notebook.
    """
    exercise = question.exercise
    if not exercise.cases or "forward" not in exercise.points:
        return None
    with ThreadPoolExecutor(1) as other:
        search = Search(exercise, student, reference, _raised(question), other)
        example = search.smallest()
        seen = example and search.confirmed(example)
    return _written(exercise, example, seen, module, search.examples) if example and seen else None


class Trial:
    """One subject, tried on examples. What was built once is kept in its worker."""

    def __init__(self, exercise: Exercise, subject: Subject) -> None:
        self._exercise, self._subject = exercise, subject
        self._built: dict[str, Outcome] = {}

    def outcome(self, example: Example, fresh: bool = False) -> Outcome:
        """What becomes of an example. `fresh` builds anew, from another seed: what hangs on chance, or on earlier
        calls, shows by it."""
        call, seed = example.call, _SEED + fresh
        key = f"{call.args} {call.tensors}{' again' if fresh else ''}"
        if key not in self._built:
            tensors = {name: list(shape) for name, shape in call.tensors.items()}
            made = {"name": self._exercise.name, "args": list(call.args), "tensors": tensors}
            self._built[key] = self._subject.ask("build", made | {"seed": seed, "subject": key})
        if not isinstance(self._built[key], Answered):
            return self._built[key]
        asked = {"subject": key, "mode": example.mode, "weights": example.weights, "seed": seed}
        return self._subject.ask("sample", asked, {"x": example.filling.array(call.shape)})


class Search:
    """One search: asks both subjects about examples, each once, until its budget is spent; both at a time, one of them
    in `other`."""

    def __init__(self, exercise: Exercise, student: Subject, reference: Subject, raised: bool, other: Executor) -> None:
        self._other = other
        self._domain = Domain(exercise)
        self._student, self._reference = Trial(exercise, student), Trial(exercise, reference)
        self._raised = raised
        self._known: dict[str, bool] = {}
        self._until: float | None = None
        self._lost: WorkerLost | None = None

    @property
    def examples(self) -> int:
        """How many calls were tried."""
        return len(self._known)

    def smallest(self) -> Example | None:
        """The smallest example found that shows a difference. Raises `WorkerLost`."""
        found = self._found()
        if self._lost is not None:
            raise self._lost
        return found

    def _found(self) -> Example | None:
        _keep_nothing()
        from hypothesis import Phase, find, settings
        from hypothesis.errors import NoSuchExample

        rules = settings(
            max_examples=2 * MOST_EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
        )
        try:
            return find(self._strategy(), self._shows, settings=rules, random=Random(0))
        except NoSuchExample:
            return None

    def confirmed(self, example: Example) -> Contrast | None:
        """The difference that the example shows, in subjects built anew."""
        return self._contrast(example, fresh=True)

    def _shows(self, example: Example) -> bool:
        """Whether the example shows a difference. An answer once given stands, as Hypothesis needs it to."""
        key = repr(example)
        if key not in self._known:
            # From the first question on: how long Hypothesis takes to start is not the student's.
            self._until = self._until or time.monotonic() + WALL_SECONDS
            if len(self._known) >= MOST_EXAMPLES or time.monotonic() > self._until:
                return False
            self._known[key] = self._told(example)
        return self._known[key]

    def _told(self, example: Example) -> bool:
        """The same, asked. Hypothesis would take a lost worker for something that an example does: it is kept aside."""
        try:
            return self._lost is None and self._contrast(example) is not None
        except WorkerLost as error:
            self._lost = error
            return False

    def _contrast(self, example: Example, fresh: bool = False) -> Contrast | None:
        asked = self._other.submit(self._reference.outcome, example, fresh)
        # A large network is worth the hurry. Otherwise a student's code is not asked what the exercise does not allow.
        student = self._student.outcome(example, fresh) if self._domain.fixed else None
        reference = asked.result()
        if not isinstance(reference, Answered):
            return None
        return contrast(student or self._student.outcome(example, fresh), reference, self._raised)

    def _strategy(self) -> SearchStrategy[Example]:
        """All examples, the plainest first in each choice: sizes, then mode, weights and values."""
        from hypothesis import strategies as st

        @st.composite
        def examples(draw: Any) -> Example:
            rank = draw(st.sampled_from(self._domain.ranks))
            numbers = [draw(st.sampled_from(choice)) for choice in self._domain.choices(rank)]
            call = self._domain.call(rank, numbers)
            if self._domain.fixed:  # one image in eval mode: a small batch makes statistics that rounding decides
                return Example(call, EVAL, SHARES, draw(st.sampled_from(FEW_FILLINGS)))
            # A function of tensors has no modes.
            mode = TRAIN if call.tensors else draw(st.sampled_from((TRAIN, EVAL)))
            weights = draw(st.sampled_from(WEIGHTS))
            return Example(call, mode, weights, draw(st.sampled_from(FILLINGS)))

        return examples()


def _keep_nothing() -> None:
    """Keep Hypothesis from leaving a folder where the program is run, unless somebody else uses it, too."""
    if "hypothesis" not in sys.modules:
        # Imported only after a failure: it takes a third of a second.
        from hypothesis.configuration import set_hypothesis_home_dir

        set_hypothesis_home_dir(os.devnull)


def _raised(question: Question) -> bool:
    """Whether the student's code raised an exception in one of the passes that were graded."""
    ended = (question.student.trouble(mode) for mode in ("train", "eval"))
    return any(found is not None and isinstance(found[1], Problem) for found in ended)


def _written(exercise: Exercise, example: Example, seen: Contrast, module: str | None, examples: int) -> CounterExample:
    """The example as code, with what it shows."""
    asked = seen.expression.format(example.asked(exercise))
    lines = [*example.lines(exercise), asked]
    imports = "\n".join(paste.imports(exercise, module))
    return CounterExample(imports, "\n".join(lines), seen.yours, seen.expected, examples)
