"""Throw damaged answers at all that reads them, for a while, and say what came of it: `make fuzz`.

    python scripts/fuzz_wire.py [--seconds 600] [--seed 1] [--engine auto] [--judge] [--keep FOLDER]

The corpus is real: what the reference solutions of the course answer, in the sandbox. Each input is a frame that is
damaged somewhere (bytes, JSON, tensor table, numbers), read in pieces, and validated as the answer to its question.
Only a frame, a death with a name, or a `FrameError` may come of it; anything else is a finding, is kept in the folder,
and makes the exit status 1. With --judge, what passes for an answer is judged, too: no verdict may be our error.

Engines: `atheris` is guided by coverage (``pip install atheris``; it is no dependency of ours), `mutate` is a seeded
loop without it; `auto` takes atheris where it is installed. Times are of computing, without waiting; atheris makes
everything several times slower, so times are those of `mutate`.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import importlib.util
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from damage import damaged, with_lengths

ROOT = Path(__file__).resolve().parents[1]
SLOW = 10  # inputs that are timed once more at the end
LARGEST = 1 << 19  # bytes of one input


@dataclass(frozen=True)
class Seed:
    """A real answer: the question's operation and parameters, where it belongs, and its frame."""

    op: str
    params: dict[str, Any]
    exercise: str
    probe: str
    data: bytes


@dataclass
class Tally:
    """What has come of all inputs so far."""

    keep: Path
    runs: int = 0
    judged: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: list[tuple[float, int, bytes]] = field(default_factory=list)  # seconds, number of the seed, input
    findings: int = 0
    started: float = field(default_factory=time.monotonic)
    resident: int = field(default_factory=lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    def note(self, outcome: str, seconds: float, number: int, data: bytes) -> None:
        """Count one input."""
        self.runs += 1
        self.outcomes[re.sub(r"tensor ['\"].*['\"]|\d+|\[.*?\]|\(.*?\)", "…", outcome)[:90]] += 1
        if len(self.slowest) < SLOW or seconds > self.slowest[-1][0]:
            self.slowest = sorted([*self.slowest, (seconds, number, data)], key=lambda entry: -entry[0])[:SLOW]

    def find(self, error: BaseException | str, data: bytes) -> None:
        """Keep an input that did what none may do."""
        self.findings += 1
        name = f"{error if isinstance(error, str) else type(error).__name__}-{self.findings}"
        (self.keep / name).write_bytes(data)
        print(f"FINDING {name}: {error!r:.300}", flush=True)

    def report(self, again: Callable[[int, bytes], float]) -> None:
        """Print the figures; `again` times an input once more."""
        seconds = time.monotonic() - self.started
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self.resident) / 1024
        slow = [(min(again(number, data) for _ in range(3)), len(data)) for _, number, data in self.slowest]
        worst, length = max(slow, default=(0.0, 0))
        print(f"{self.runs} inputs in {seconds:.0f} s, {self.runs / seconds:.0f} a second; {self.judged} judged")
        print(f"findings: {self.findings}; different outcomes: {len(self.outcomes)}")
        print(f"slowest input: {1000 * worst:.1f} ms ({length} bytes)")
        print(f"resident memory grew by {grown:.0f} MiB, what does the damage included")
        for outcome, count in self.outcomes.most_common(12):
            print(f"{count:10d}  {outcome}")


class Target:
    """What is fuzzed: bytes in, an outcome in words out."""

    def __init__(self, seeds: list[Seed], questions: dict[str, Any], tally: Tally) -> None:
        from grader.wire import frames

        self.seeds, self.questions, self.tally, self._frames = seeds, questions, tally, frames

    def run(self, number: int, data: bytes) -> None:
        """Read and validate one input as the answer of a seed's question, and count what came of it."""
        from grader import evidence
        from grader.evidence import Answered

        seed = self.seeds[number]
        started = time.thread_time()
        found = None
        try:
            reply = self._read(data)
            found = evidence.validate(seed.op, reply, seed.params) if reply is not None else None
            outcome = "waits for more" if found is None else getattr(found, "detail", "") or type(found).__name__
        except self._frames.FrameError as error:
            outcome = str(error)
        except BaseException as error:  # the one thing that this program looks for
            self.tally.find(error, data)
            outcome = f"FINDING {type(error).__name__}"
        self.tally.note(outcome, time.thread_time() - started, number, data)
        if self.questions and isinstance(found, Answered):
            self._judge(seed, found, data)

    def seconds(self, number: int, data: bytes) -> float:
        """The time that one input takes."""
        before = copy.copy(self.tally.outcomes), self.tally.runs, self.tally.slowest
        started = time.thread_time()
        self.run(number, data)
        self.tally.outcomes, self.tally.runs, self.tally.slowest = before
        return time.thread_time() - started

    def _read(self, data: bytes) -> Any:
        from grader.sandbox.channel import Answer
        from grader.wire import strict
        from grader.wire.records import Problem

        reader, size = self._frames.Reader(LARGEST), 1 + len(data) // 3
        found = [reader.feed(data[place : place + size]) for place in range(0, len(data), size)]
        header = found[-1].header if found and found[-1] else {}
        if "problem" in header:
            return strict.read(Problem, header["problem"])
        return Answer(header["answer"], found[-1].arrays) if "answer" in header else None  # type: ignore[union-attr]

    def _judge(self, seed: Seed, found: Any, data: bytes) -> None:
        from grader import checks, exhibits
        from grader.evidence import Evidence
        from grader.model import Verdict
        from grader.submission import Submission

        honest = self.questions[seed.exercise]
        student = Evidence({**honest.student.outcomes, seed.probe: found})
        question = dataclasses.replace(honest, student=student)
        started = time.thread_time()
        try:
            findings = checks.run(question)
            exhibits.collect(question, findings, (), Submission("x", {}), "x.py")
        except BaseException as error:  # as above
            self.tally.find(error, data)
            return
        for finding in findings.values():
            if finding.verdict is Verdict.ERROR:
                self.tally.find(f"verdict-{finding.got.strip().rpartition(chr(10))[2][:60].replace('/', ' ')}", data)
        self.tally.judged += 1
        if time.thread_time() - started > 1.0:
            self.tally.find(f"judging took {time.thread_time() - started:.1f} s", data)


def mutate(target: Target, seconds: float, seed: int) -> None:
    """Damage real answers, and what came of damaging them, until the time is over."""
    rng = random.Random(seed)
    weights = [1 / (1_000 + len(one.data)) for one in target.seeds]
    pool: dict[int, list[bytes]] = {number: [one.data] for number, one in enumerate(target.seeds)}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        (number,) = rng.choices(range(len(target.seeds)), weights)
        data = damaged(rng.choice(pool[number]), rng)[:LARGEST]
        known = len(target.tally.outcomes)
        target.run(number, data)
        if len(target.tally.outcomes) > known and len(pool[number]) < 50 and len(data) < 1 << 14:
            pool[number].append(data)  # what was new is worth going on from


def guided(target: Target, seconds: float, seed: int) -> None:
    """Let atheris choose; the first byte of an input says which seed's question it answers. Never returns."""
    import atheris

    end = time.monotonic() + seconds

    def run(data: bytes) -> None:
        if time.monotonic() > end:  # libFuzzer would leave without a word
            target.tally.report(target.seconds)
            sys.stdout.flush()
            os._exit(1 if target.tally.findings else 0)
        if data:
            target.run(data[0] % len(target.seeds), data[1:])

    def mutator(data: bytes, most: int, turn: int) -> bytes:
        rng = random.Random(turn)
        if not data or rng.random() < 0.3:
            return data[:1] + with_lengths(bytes(atheris.Mutate(data, most))[1:])
        return bytes((data[:1] + damaged(data[1:], rng))[:most])

    with tempfile.TemporaryDirectory() as corpus:
        for number, one in enumerate(target.seeds):
            if len(one.data) < LARGEST:
                (Path(corpus) / str(number)).write_bytes(bytes([number]) + one.data)
        options = [f"-max_len={LARGEST}", f"-seed={seed}", "-timeout=20", "-rss_limit_mb=4096", "-verbosity=0"]
        atheris.Setup([sys.argv[0], corpus, *options], run, custom_mutator=mutator)
        atheris.Fuzz()


def collect(judge: bool) -> tuple[list[Seed], dict[str, Any]]:
    """What the reference solutions answer, some of each kind; and, to judge, a question of each exercise."""
    from grader import course as courses
    from grader import plan
    from grader.checks.question import Question
    from grader.evidence import Answered
    from grader.grading import Grader
    from grader.plan import Settings
    from grader.sandbox.host import Zygote
    from grader.store import Store
    from grader.wire import frames

    course, settings = courses.load(ROOT), Settings(20_240_229)
    seeds: list[Seed] = []
    questions: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory() as cache,
        Zygote("cpu", (str(ROOT), cache)) as zygote,
        Grader(course, zygote, settings, Store(Path(cache))) as grader,
    ):
        known = {e.id: (e, grader.reference(e)) for a in course.assignments for e in a.exercises}
    for exercise, evidence in known.values():
        labels = None
        if exercise.training is not None:
            labels = plan.test_labels(exercise, exercise.training, course.digits, settings)
        if judge:
            questions[exercise.id] = Question(exercise, evidence, evidence, frozenset(), "cpu", labels)
        for probe in (probe for job in plan.jobs(exercise, course.digits, settings) for probe in job.probes):
            found = evidence.outcomes.get(probe.id)
            if isinstance(found, Answered):
                data = frames.encode({"id": 1, "answer": dataclasses.asdict(found.record)}, found.arrays)
                seeds.append(Seed(probe.op, dict(probe.params), exercise.id, probe.id, data))
    kinds: dict[str, list[Seed]] = {}
    for one in sorted(seeds, key=lambda one: len(one.data)):
        kinds.setdefault(one.op, []).append(one)
    # The smallest, the largest and some between: 256 seeds at most, since one byte tells which it is.
    return [one for found in kinds.values() for one in found[:: 1 + len(found) // 20]], questions


def main() -> int:
    """Fuzz for some seconds; the exit status is 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["auto", "atheris", "mutate"], default="auto")
    parser.add_argument("--judge", action="store_true")
    parser.add_argument("--keep", type=Path, default=Path("reports/fuzz"))
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    engine = options.engine
    if engine == "auto":
        engine = "atheris" if importlib.util.find_spec("atheris") else "mutate"
    if engine == "atheris":
        import atheris

        with atheris.instrument_imports(include=["grader.wire", "grader.evidence"]):
            import grader.evidence  # noqa: F401  its import is what is instrumented
    seeds, questions = collect(options.judge)
    print(f"{engine}: {len(seeds)} real answers, {sum(len(one.data) for one in seeds)} bytes", flush=True)
    target = Target(seeds, questions, Tally(options.keep))
    (guided if engine == "atheris" else mutate)(target, options.seconds, options.seed)
    target.tally.report(target.seconds)
    return 1 if target.tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
