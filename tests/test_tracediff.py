"""The trace diff: however a correct network is written, it agrees; where a wrong one parts, the row is marked."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import corpus_files
import numpy as np
import pytest
from fixed import SEED
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import asking, plan
from grader import evidence as ev
from grader.checks.question import Question
from grader.course import Assignment, Exercise
from grader.diagnosis import parting, tracediff
from grader.diagnosis.subject import Subject
from grader.diagnosis.tracediff import VIEWS, Row, TraceDiff
from grader.evidence import Answered
from grader.grading import Grader
from grader.plan import Job, Probe, Settings
from grader.sandbox.fake import answer
from grader.sandbox.limits import PROTOCOL, Death
from grader.submission import Module
from grader.wire.records import DIGEST_WIDTH, Operated, Operation

CORRECT = [(name, path) for name in ("build_methods", "residual_blocks") for path in corpus_files.correct(name)]
Passes = dict[str, Answered]


def traced(grader: Grader, assignment: Assignment, exercises: list[Exercise], source: bytes) -> Passes:
    """The passes of the first case in both modes, of every exercise, asked of one worker."""
    fixed = Settings(SEED)
    probes = []
    for exercise in exercises:
        asked = [probe for job in plan.jobs(exercise, grader.course.digits, fixed) for probe in job.probes]
        by_id = {probe.id: probe for probe in asked}
        key = {"subject": exercise.name}
        build = f"build {exercise.name}"
        probes.append(Probe(build, "build", {**by_id["build.0"].params, **key}))
        for mode in ("train", "eval"):
            run = by_id[f"{mode}.0.0"]
            params = {**{name: run.params[name] for name in ("mode", "device", "seed")}, **key}
            probes.append(Probe(f"{mode} {exercise.name}", "operations", params, run.arrays, (build,)))
    file = Module(assignment.module, f"{assignment.module}.py")
    job = Job(exercises[0], tuple(probes), 1.0, ())
    found = asking.run_job(grader.sandbox, job, {file.path: source}, file).outcomes
    return {p.id: o for p in probes if p.op == "operations" and isinstance(o := found.get(p.id), Answered)}


@pytest.fixture(scope="module")
def references(grader: Grader) -> dict[str, Passes]:
    """The passes of the reference solutions, by assignment."""
    return {
        name: traced(grader, assignment, list(assignment.exercises), assignment.solution)
        for name in ("build_methods", "residual_blocks")
        if (assignment := grader.course.assignment(name))
    }


def compared(student: Answered, reference: Answered) -> TraceDiff | None:
    """Compare two answers."""
    return tracediff.compare(
        student.record, student.arrays["values"], reference.record, reference.arrays["values"]
    )  # fmt: skip


@pytest.mark.parametrize(("name", "path"), CORRECT, ids=lambda part: getattr(part, "stem", part))
def test_correct_spellings_do_not_part(grader: Grader, references: dict[str, Passes], name: str, path: Path) -> None:
    """Every correct variation agrees with the reference from the first operation to the last, row by row."""
    assignment = grader.course.assignment(name)
    exercises = corpus_files.exercises_in(path, assignment) or list(assignment.exercises)
    passes = traced(grader, assignment, exercises, path.read_bytes())
    assert passes
    for probe, student in passes.items():
        reference = references[name][probe]
        assert compared(student, reference) is None
        assert student.record.problem is None
        assert student.record.complete
        relative = tracediff.CLOSE if student.record.dtype == "float64" else tracediff.ROUGHLY
        both = (student.record, student.arrays["values"], reference.record, reference.arrays["values"])
        assert all(row.equal for row in tracediff.rows(*both, relative)), probe


def diff(grader: Grader, references: dict[str, Passes], file: str, mode: str = "eval") -> TraceDiff | None:
    """The diff of a wrong file of the corpus."""
    name = next(name for name in references if (corpus_files.CORPUS / name / "wrong" / f"{file}.py").exists())
    source = (corpus_files.CORPUS / name / "wrong" / f"{file}.py").read_bytes()
    assignment, exercise = grader.course.assignment(name), grader.course.exercise(file.partition("--")[0])
    probe = f"{mode} {exercise.name}"
    return compared(traced(grader, assignment, [exercise], source)[probe], references[name][probe])


def shown(row: Row) -> tuple[str, str]:
    """Give a row's names, "-" where there is nothing."""
    return (row.expected.name if row.expected else "-"), (row.got.name if row.got else "-")


@pytest.mark.parametrize(
    ("file", "marked"),
    [
        ("RestNet18--maxpool-not-called", ("max_pool2d", "-")),
        ("RestNetBasicBlock--relu-before-add", ("add", "relu")),
        ("RestNetBasicBlock--mid-relu-missing", ("relu", "-")),
        ("RestNetDownBlock--final-relu-missing", ("relu", "-")),
        ("RestNetBasicBlock--relu-then-bn", ("batch_norm", "relu")),
        ("Model_Seq--bn-after-activation", ("batch_norm", "relu")),
        ("Model_Seq--softmax-missing", ("softmax", "-")),
        ("Model_Seq--relu-on-logits", ("-", "relu")),
        ("Model_Lst--softmax-where-logits-asked", ("-", "softmax")),
        ("RestNetBasicBlock--no-skip", ("add", "-")),
        ("RestNetDownBlock--kernel-size-wrong", ("conv2d", "conv2d")),
    ],
)
def test_the_first_divergence_is_marked(
    grader: Grader, references: dict[str, Passes], file: str, marked: tuple[str, str]
) -> None:
    """What is missing stands beside nothing, what is too much as well, and what is swapped beside the other."""
    found = diff(grader, references, file)
    assert found is not None
    assert [shown(row) for row in found.rows if row.first] == [marked]
    assert all(row.equal for row in found.rows[: [row.first for row in found.rows].index(True)])
    assert len(found.rows) <= tracediff.BEFORE + tracediff.AFTER + 1


def test_a_long_network_is_shown_in_part(grader: Grader, references: dict[str, Passes]) -> None:
    """ResNet18 has some 70 operations; a few rows are shown, with the student's own places beside them."""
    found = diff(grader, references, "RestNet18--maxpool-not-called")
    assert found is not None
    assert (found.before, len(found.rows)) == (1, 7)
    assert found.after > 40
    assert any(row.got and row.got.module for row in found.rows)


@pytest.mark.parametrize(
    ("file", "marked"),
    [
        ("RestNetDownBlock--final-relu-missing", ("relu", "-")),
        ("Model_Seq--bn-always-batch-stats", ("batch_norm", "batch_norm")),  # in eval mode alone
        ("Model_Seq--linear-dims-copy-paste", ("linear", "-")),  # an exception
        ("linear_functional--bias-subtracted", ("linear", "linear")),
        ("RestNetBasicBlock--input-overwritten", ("add", "add")),
        ("RestNetBasicBlock--iadd-on-skip", None),
    ],
)
def test_the_pass_that_went_wrong_is_asked_about(grader: Grader, file: str, marked: tuple[str, str] | None) -> None:
    """As grading asks, after a failed check: of the first pass whose output differs, in a subject built anew."""
    exercise = grader.course.exercise(file.partition("--")[0])
    assignment = grader.course.assignment(exercise.assignment)
    module = Module(assignment.module, f"{assignment.module}.py")
    source = (corpus_files.CORPUS / assignment.id / "wrong" / f"{file}.py").read_bytes()
    job = plan.jobs(exercise, grader.course.digits, grader.settings)[0]
    ran = asking.run_job(grader.sandbox, job, {module.path: source}, module)
    question = Question(exercise, ran, grader.reference(exercise), frozenset(), "cpu")
    loads = [
        asking.loading({module.path: code}, module, job.probes[0].limits) for code in (source, assignment.solution)
    ]
    with Subject(grader.sandbox, loads[0]) as student, Subject(grader.sandbox, loads[1]) as own:
        found = parting.find(question, student, own, grader.settings)
    assert ([shown(row) for row in found.rows if row.first] if found else None) == ([marked] if marked else None)


def made_up(*names: str, values: list[float] | None = None) -> tuple[Operated, np.ndarray]:
    """A chain of operations with these names."""
    chain = tuple(Operation(name, (2, 3), "", (i - 1,) if i else ()) for i, name in enumerate(names))
    rows = np.array(values or range(1, len(names) + 1), dtype=float)[:, None] * np.ones((1, DIGEST_WIDTH))
    return Operated(chain, len(chain) - 1, "float64", True, None), rows


def test_views_are_folded_away() -> None:
    """What only moves numbers about has no row."""
    student = made_up("view", "linear", "relu", "contiguous", values=[9, 1, 7, 7])
    found = tracediff.compare(*student, *made_up("linear", "softmax"))
    assert found is not None
    assert [shown(row) for row in found.rows] == [("linear", "linear"), ("softmax", "relu")]
    assert not {row.got.name for row in found.rows if row.got} & VIEWS


def test_what_is_not_finite_agrees_with_nothing() -> None:
    """NaN and infinities are no likeness."""
    for number in (np.nan, np.inf):
        found = tracediff.compare(*made_up("relu", values=[number]), *made_up("relu", values=[number]))
        assert found is not None
        assert [row.equal for row in found.rows] == [False]


def test_no_operations_at_all() -> None:
    """A pass that computes nothing parts at once; two of them do not."""
    nothing = Operated((), -1, "float64", True, None), np.zeros((0, DIGEST_WIDTH))
    found = tracediff.compare(*nothing, *made_up("linear"))
    assert found is not None
    assert [shown(row) for row in found.rows] == [("linear", "-")]
    assert tracediff.compare(*nothing, *nothing) is None


def test_only_operations_that_could_have_been_are_taken_in() -> None:
    """Names of torch's, shapes of tensors, inputs from before, and as many rows as operations."""
    record, values = made_up("linear", "relu")
    assert isinstance(ev.validate("operations", answer(record, values=values)), Answered)
    first, second = record.operations
    wrong = [
        dataclasses.replace(record, operations=(first, dataclasses.replace(second, **changed)))
        for changed in ({"name": "a b"}, {"name": ""}, {"name": "ſ"}, {"shape": (-1,)}, {"inputs": (1,)})
    ]  # fmt: skip
    wrong += [dataclasses.replace(record, result=2), dataclasses.replace(record, dtype="int8")]
    wrong += [dataclasses.replace(record, operations=(first,) * 601)]
    for one in wrong:
        rows = np.zeros((len(one.operations), DIGEST_WIDTH))
        outcome = ev.validate("operations", answer(one, values=rows))
        assert isinstance(outcome, Death)
        assert outcome.kind == PROTOCOL
    for reply in (answer(record), answer(record, values=values[:1]), answer(record, values=values, x=values)):
        assert isinstance(ev.validate("operations", reply), Death)


@st.composite
def passes(draw: st.DrawFn) -> tuple[Operated, np.ndarray]:
    """Draw any pass that is taken in."""
    count = draw(st.integers(0, 12))
    names = st.sampled_from(["linear", "relu", "add", "view", "__x9"])
    chain = [
        Operation(
            draw(names),
            draw(st.sampled_from([(), (2,), (2, 3), (0,)])),
            draw(st.sampled_from(["", "a.b", "ü\n"])),
            tuple(draw(st.lists(st.integers(0, index - 1), max_size=3))) if index else (),
        )
        for index in range(count)
    ]
    values = [draw(st.sampled_from([0.0, 1.0, 2.0, np.nan, np.inf, 1e300])) for _ in range(count)]
    record = Operated(tuple(chain), draw(st.integers(-1, count - 1)), "float64", True, None)
    return record, np.array(values).reshape(-1, 1) * np.ones((1, DIGEST_WIDTH))


@settings(deadline=None, max_examples=200)
@given(passes(), passes())
def test_any_two_passes_can_be_compared(one: tuple[Operated, np.ndarray], other: tuple[Operated, np.ndarray]) -> None:
    """Whatever a worker says is laid side by side: one row is marked, each row holds something, none is invented."""
    assert isinstance(ev.validate("operations", answer(one[0], values=one[1])), Answered)
    found = tracediff.compare(*one, *other)
    if found is not None:
        assert sum(row.first for row in found.rows) == 1
        assert all(row.expected or row.got for row in found.rows)
        assert sum(row.got is not None and not row.equal for row in found.rows) <= len(one[0].operations)


def test_the_longest_passes_are_compared_in_no_time() -> None:
    """As many operations as are noted, all different, and all alike."""
    many = made_up(*["relu", "add"] * 300)
    other = made_up(*["add", "linear"] * 300, values=[-1.0] * 600)
    started = time.monotonic()
    assert tracediff.compare(*many, *other) is not None
    assert tracediff.compare(*other, *many) is not None
    assert time.monotonic() - started < 10
