"""Grading one attack, with an honest submission beside it and another one after it, on one tier."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import census
import controls
import setups
from attack import NEIGHBOUR, SHORT, VICTIM, Attack
from canaries import Canaries
from rich.console import Console
from tape import Tape, Tapped

from grader import submission
from grader.course import Course
from grader.errors import GraderError
from grader.grading import Grader, Selection
from grader.model import Grade
from grader.plan import Settings
from grader.report import html, jsonl, terminal
from grader.sandbox.host import Zygote
from grader.sandbox.limits import Limits
from grader.store import Store

SEED = 20_260_101
PATIENCE = 60.0  # seconds; past that the grader hangs


@dataclass(frozen=True)
class Reports:
    """All that people are shown of a grade."""

    page: str
    line: str
    terminal: str

    def __iter__(self) -> Any:
        return iter((self.page, self.line, self.terminal))


@dataclass(frozen=True)
class Outcome:
    """What became of one attack, and of everything around it."""

    attack: Attack
    tier: int
    results: tuple[Grade | GraderError, ...]  # one for each time that it was handed in
    reports: tuple[Reports, ...]
    said: bytes  # all that its workers printed and answered
    beside: str  # the honest one's result, as it was beside the attack, after it, and as it is alone
    after: str
    alone: str
    wrong_score: float
    seconds: float
    grown: int  # bytes of memory in the grader
    left: frozenset[int]  # processes
    harm: tuple[str, ...]
    folder_changed: bool


@dataclass(frozen=True)
class Entry:
    """One folder that is handed in. `meanwhile` is done between collecting and grading."""

    attack: Attack
    folder: Path
    meanwhile: Callable[[], None] | None
    tape: Tape = field(default_factory=Tape)


@dataclass
class Ground:
    """One tier's sandbox among the canaries. Honest and wrong controls are graded once for each exercise.

    Thorough, every attack is alone with the honest control, and another one is graded after it. Else attacks that only
    wait (`crowd`) do so together, and the control beside the next attack is the one after the last.
    """

    tier: int
    zygote: Zygote
    course: Course
    canaries: Canaries
    store: Store
    mark: bytes
    crowd: tuple[Attack, ...]
    thorough: bool
    _controls: dict[tuple[object, ...], tuple[str, float]] = field(default_factory=dict)
    _ahead: dict[str, Outcome] = field(default_factory=dict)

    def run(self, attack: Attack, folder: Path) -> Outcome:
        """Hand the attack in, and see. `folder` is empty, and the attack's own."""
        if attack.id not in self._ahead:
            together = [attack]
            if attack.limits == SHORT and not self.thorough:  # who only waits, waits for everybody's sake
                together = [other for other in self.crowd if other.limits == SHORT] or together
            self._ahead |= self._run([replace(one, limits=_patient(one, together)) for one in together], folder)
        return self._ahead.pop(attack.id)

    def _run(self, attacks: list[Attack], folder: Path) -> dict[str, Outcome]:
        """Hand them all in at the same time."""
        alone, wrong_score = self._control(attacks[0])
        entries = [entry for attack in attacks for entry in self._hand_in_all(attack, folder / attack.id)]
        state = setups.state_of(folder)
        before = census.population(self.zygote._process.pid, self.mark)
        memory, started = census.forget_peak(), time.monotonic()
        with ThreadPoolExecutor(len(entries) + 1) as pool:
            honest = pool.submit(self.honest, attacks[0])
            running = [pool.submit(self._grade, entry) for entry in entries]
            graded = [self._awaited(one) for one in running]
            seconds = time.monotonic() - started
            beside = self._awaited(honest)
        left = census.left(self.zygote._process.pid, self.mark, before)
        reports = [_reports(result) if isinstance(result, Grade) else None for result in graded]
        shared = Outcome(
            attack=attacks[0],
            tier=self.tier,
            results=(),
            reports=(),
            said=b"",
            beside=beside,
            after=self.honest(attacks[0]) if self.thorough else beside,
            alone=alone,
            wrong_score=wrong_score,
            seconds=seconds,
            grown=census.peak_memory() - memory,
            left=frozenset(left),
            harm=tuple(self.canaries.harm()),
            folder_changed=not any(entry.meanwhile for entry in entries) and setups.state_of(folder) != state,
        )
        return {attack.id: _own(shared, attack, entries, graded, reports) for attack in attacks}

    def honest(self, attack: Attack) -> str:
        """The honest control's JSON, but for the time that it took."""
        return _without_time(self.graded(attack, controls.honest(attack.exercise)))

    def printed_by(self, code: str, seed: int) -> bytes:
        """What an exercise of ours prints when it is graded with another seed."""
        tape, selection = Tape(), Selection(exercises=frozenset([VICTIM]))
        settings = Settings(seed)
        with Grader(self.course, Tapped(self.zygote, tape), settings, self.store, selection, 1) as grader:
            grader.grade_collected(submission.Submission("spy", {"layers.py": code.encode()}))
        return bytes(tape.printed)

    def graded(self, attack: Attack, files: dict[str, bytes]) -> Grade:
        """A submission of ours on the attacked exercise."""
        with self._grader(attack, Tape(), replace(attack.limits, cpu_seconds=20.0, wall_seconds=60.0)) as grader:
            return grader.grade_collected(submission.Submission("honest", files))

    def _control(self, attack: Attack) -> tuple[str, float]:
        """The honest control's JSON when nobody is beside it, and the score of a wrong answer."""
        key = attack.exercise, attack.training, attack.neighbour
        if key not in self._controls:
            self.honest(attack)  # the first one may find what others will not
            wrong = self.graded(attack, controls.wrong(attack.exercise))
            self._controls[key] = self.honest(attack), wrong.score
            self.canaries.remember()
        return self._controls[key]

    def _hand_in_all(self, attack: Attack, folder: Path) -> list[Entry]:
        names = (attack.folder, "twin")[: 2 if attack.twins else 1]
        return [self._hand_in(attack, folder / name) for name in names]

    def _hand_in(self, attack: Attack, folder: Path) -> Entry:
        """Write the attack's folder."""
        folder.mkdir(parents=True)
        kit = controls.kit() | {"place.py": self.canaries.place(self.tier)} if attack.kit else {}
        for name, content in (kit | dict(attack.files)).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return Entry(attack, folder, setups.SETUPS[attack.setup](folder, self) if attack.setup else None)

    def _grade(self, entry: Entry) -> Grade | GraderError:
        with self._grader(entry.attack, entry.tape, entry.attack.limits) as grader:
            try:
                collected = submission.collect(entry.folder)
                if entry.meanwhile:
                    entry.meanwhile()
                return grader.grade_collected(collected)
            except GraderError as error:
                return error

    def _grader(self, attack: Attack, tape: Tape, limits: Limits) -> Grader:
        course = self.course if attack.training else self.course.without_training()
        chosen = frozenset([attack.exercise, NEIGHBOUR] if attack.neighbour else [attack.exercise])
        selection, settings = Selection(exercises=chosen), Settings(SEED, limits=limits)
        return Grader(course, Tapped(self.zygote, tape), settings, self.store, selection, 2)

    def _awaited(self, running: Future[Any]) -> Any:
        try:
            return running.result(PATIENCE)
        except TimeoutError:
            self.zygote.close()  # so that nobody waits for ever
            raise


def _patient(attack: Attack, together: list[Attack]) -> Limits:
    """The more wait together, the longer it takes until all of them are there."""
    return replace(attack.limits, wall_seconds=attack.limits.wall_seconds + 0.2 * (len(together) - 1))


def _own(
    shared: Outcome, attack: Attack, entries: list[Entry], graded: list[Any], reports: list[Reports | None]
) -> Outcome:
    """What became of one of those that were handed in together."""
    mine = [number for number, entry in enumerate(entries) if entry.attack.id == attack.id]
    return replace(
        shared,
        attack=attack,
        results=tuple(graded[number] for number in mine),
        reports=tuple(found for number in mine if (found := reports[number]) is not None),
        said=b"\n".join(entries[number].tape.text for number in mine),
    )


def _reports(grade: Grade) -> Reports:
    shown = io.StringIO()
    terminal.show(grade, Console(file=shown, width=100, highlight=False))
    return Reports(html.render(grade), jsonl.dumps(grade), shown.getvalue())


def _without_time(grade: Grade) -> str:
    data = json.loads(jsonl.dumps(grade))
    del data["seconds"]
    return json.dumps(data)
