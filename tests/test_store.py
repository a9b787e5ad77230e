"""Reference evidence is computed once and read afterwards; a store that is damaged or closed only costs time."""

from __future__ import annotations

import errno
import os
import stat
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_up
import numpy as np
import pytest
from made_up import GOOD, POINTS, exercise, script

from grader import evidence as ev
from grader import plan, store
from grader.attempts import Attempt
from grader.course import Course
from grader.errors import SandboxError
from grader.evidence import Evidence
from grader.grading import Grader
from grader.model import Grade, Verdict
from grader.plan import Probe, Settings
from grader.sandbox.fake import FACTS, FakeSandbox, Script
from grader.sandbox.limits import WALL_LIMIT, Death
from grader.store import Store
from grader.submission import Submission
from grader.wire import frames

SETTINGS = Settings(seed=3)
HANDED_IN = Submission("alice", {"made_up.py": b"# mine\n"})
EXAMINED = exercise(training=None, band=None, points={k: v for k, v in POINTS.items() if k != "training"})
WRONG = [b"", b"not evidence", ev.dump(GOOD)[:-1], ev.dump(GOOD) + b"x", frames.encode({"a": 1})]
BAD_FILES: list[bytes] = [*WRONG, *map(zlib.compress, WRONG), zlib.compress(ev.dump(GOOD))[:-20]]


class Reference:
    """A script of the reference solution that counts how often it is loaded, and may fail at first."""

    def __init__(self, first: Any = None) -> None:
        self.loads = 0
        self._first = first

    def __call__(self, op: str, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Any:
        """Answer as the reference does; as `first` says at the first load."""
        self.loads += op == "load"
        if self._first is not None and self.loads == 1:
            return self._first
        return script(GOOD)(op, params, arrays)


def grade(
    course: Course, folder: Path, reference: Script, times: int = 1, settings: Settings = SETTINGS
) -> list[Grade]:
    """Grade one submission some times with a new grader, and a store in that folder."""
    sandbox = FakeSandbox(script(GOOD), {b"the reference": reference})
    with Grader(made_up.course(course.root, EXAMINED), sandbox, settings, Store(folder)) as grader:
        return [grader.grade_collected(HANDED_IN) for _ in range(times)]


def whole(grades: list[Grade]) -> bool:
    """Whether everything passed in all grades."""
    return all(set(each.verdicts()) == {Verdict.PASSED} for each in grades)


def saved(folder: Path) -> list[Path]:
    """The evidence in a store."""
    return sorted(folder.glob("*.evidence"))


def test_the_reference_is_computed_once_and_then_read(course: Course, tmp_path: Path) -> None:
    """One grader should ask the reference once for all submissions, and the next not at all."""
    first, second = Reference(), Reference()
    assert whole(grade(course, tmp_path, first, times=3))
    assert first.loads == 1
    assert len(saved(tmp_path)) == 1
    assert whole(grade(course, tmp_path, second, times=2))
    assert second.loads == 0


def test_other_inputs_need_other_evidence(course: Course, tmp_path: Path) -> None:
    """Another seed asks other questions, so the reference should answer anew."""
    reference = Reference()
    for seed in (1, 2, 1):
        assert whole(grade(course, tmp_path, reference, settings=Settings(seed)))
    assert reference.loads == 2
    assert len(saved(tmp_path)) == 2


@pytest.mark.parametrize("content", BAD_FILES)
def test_a_damaged_file_is_computed_anew_and_mended(course: Course, tmp_path: Path, content: bytes) -> None:
    """A saved file that cannot be read should be replaced, and nobody notice."""
    grade(course, tmp_path, Reference())
    (file,) = saved(tmp_path)
    good = file.read_bytes()
    file.write_bytes(content)
    again = Reference()
    assert whole(grade(course, tmp_path, again))
    assert again.loads == 1
    assert file.read_bytes() == good


@pytest.mark.parametrize("outcomes", [[], {"load": []}])
def test_a_file_damaged_inside_is_computed_anew(course: Course, tmp_path: Path, outcomes: Any) -> None:
    """A saved file that is a frame, but no evidence, should be replaced as well."""
    grade(course, tmp_path, Reference())
    (file,) = saved(tmp_path)
    file.write_bytes(frames.encode({"outcomes": outcomes, "output": ""}))
    assert whole(grade(course, tmp_path, Reference()))


def test_a_folder_that_cannot_be_made_only_costs_time(course: Course, tmp_path: Path) -> None:
    """Where the store cannot be written, everything should work, and be computed anew each time."""
    (tmp_path / "file").write_text("in the way")
    for _ in range(2):
        reference = Reference()
        assert whole(grade(course, tmp_path / "file" / "store", reference, times=2))
        assert reference.loads == 1
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file cannot be put in its place, there should be none, and no exception."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    Store(tmp_path).write("key", GOOD)
    assert saved(tmp_path) == []
    assert Store(tmp_path).read("key") is None


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    """Evidence should come back under its key, and under no other."""
    kept = Store(tmp_path / "new" / "folder")
    kept.write("key", GOOD)
    read = kept.read("key")
    assert read is not None
    assert ev.dump(read) == ev.dump(GOOD)
    assert kept.read("other") is None


def test_a_reference_that_died_is_not_remembered(course: Course, tmp_path: Path) -> None:
    """A time limit that the reference reached on a busy machine should be forgotten with that run."""
    (first,) = grade(course, tmp_path, Reference(Death(WALL_LIMIT, "no answer within 60 s")))
    assert Verdict.ERROR in first.verdicts()
    assert whole(grade(course, tmp_path, Reference()))


def test_a_reference_that_could_not_be_started_is_tried_again(course: Course, tmp_path: Path) -> None:
    """One worker that could not be had should cost one submission, not the rest of the batch."""
    first, second = grade(course, tmp_path, Reference(SandboxError("busy")), times=2)
    assert Verdict.ERROR in first.verdicts()
    assert whole([second])


PROBE = Probe("a", "run", {"x": 1, "y": 2}, {"x": np.arange(3.0)})
KEY = store.key(b"solution", plan.questions([PROBE]), "cpu", FACTS)


def test_equal_questions_have_one_key() -> None:
    """The order of parameters should not matter, nor the limits, which change no answer."""
    again = replace(PROBE, params={"y": 2, "x": 1}, limits=PROBE.limits.longer(2))
    assert store.key(b"solution", plan.questions([again]), "cpu", FACTS) == KEY


@pytest.mark.parametrize(
    "other",
    [
        store.key(b"solution2", plan.questions([PROBE]), "cpu", FACTS),
        store.key(b"solution", plan.questions([PROBE, PROBE]), "cpu", FACTS),
        store.key(b"solution", plan.questions([PROBE]), "cuda", FACTS),
        store.key(b"solution", plan.questions([PROBE]), "cpu", replace(FACTS, torch="9.9")),
        store.key(b"solution", plan.questions([PROBE]), "cpu", replace(FACTS, cpu="AVX512")),
        store.key(b"solution", plan.questions([replace(PROBE, id="b")]), "cpu", FACTS),
        store.key(b"solution", plan.questions([replace(PROBE, op="train")]), "cpu", FACTS),
        store.key(b"solution", plan.questions([replace(PROBE, params={"x": 1, "y": 3})]), "cpu", FACTS),
        store.key(b"solution", plan.questions([replace(PROBE, arrays={"x": np.arange(3.0) + 1e-9})]), "cpu", FACTS),
        store.key(b"solution", plan.questions([replace(PROBE, arrays={"x": np.arange(3)})]), "cpu", FACTS),
        store.key(b"solution", plan.questions([replace(PROBE, arrays={"x": np.arange(3.0)[None]})]), "cpu", FACTS),
    ],
)
def test_whatever_changes_an_answer_changes_the_key(other: str) -> None:
    """Another solution, question, device, torch or processor should have a key of its own."""
    assert other != KEY


def test_the_seed_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """Every store should have a seed of its own, the same each time, which others on the machine cannot read."""
    first = Store(tmp_path / "one").seed()
    assert Store(tmp_path / "one").seed() == first
    assert stat.S_IMODE((tmp_path / "one" / "seed").stat().st_mode) == 0o600
    assert len({first, *(Store(tmp_path / name).seed() for name in ("two", "three", "four"))}) > 1


def test_without_a_folder_there_is_a_seed_all_the_same(tmp_path: Path) -> None:
    """Where no seed can be kept, there should be one for this run."""
    (tmp_path / "file").write_text("")
    seeds = {Store(tmp_path / "file" / "store").seed() for _ in range(4)}
    assert all(0 <= seed < 1 << 63 for seed in seeds)
    assert len(seeds) > 1


@pytest.mark.parametrize("content", ["", "not a number"])
def test_a_seed_that_cannot_be_read_is_no_crash(tmp_path: Path, content: str) -> None:
    """A seed file that is still empty, or damaged, should not end the program."""
    (tmp_path / "seed").write_text(content)
    assert Store(tmp_path).seed() >= 0


def test_the_cache_lies_where_the_system_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The store should follow XDG_CACHE_HOME, else lie in the home's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store.default_folder() == tmp_path / "grader"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store.default_folder() == tmp_path / ".cache" / "grader"


def test_empty_evidence_is_evidence(tmp_path: Path) -> None:
    """Evidence without any outcome should be told from none at all."""
    Store(tmp_path).write("key", Evidence({}))
    assert Store(tmp_path).read("key") == Evidence({})


@pytest.mark.parametrize("broken", ["replace", "link"])
def test_a_disk_that_takes_nothing_is_left_as_it_was(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a file would stay there for good, and one more with each run."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    kept = Store(tmp_path)
    if broken == "replace":
        kept.write("key", GOOD)
        kept.attempted(tmp_path, Attempt("one", "2026-09-07T08:00:00+00:00", {}))
    else:
        kept.seed()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
