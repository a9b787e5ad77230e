"""The way of a submission with made-up workers: who is asked what, what becomes of trouble, and what is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_up
import pytest
from made_up import GOOD, LOADED, POINTS, TRAINING, changed, exercise, problem, replaced, script

from grader import plan
from grader.asking import run_job
from grader.course import Course
from grader.errors import SandboxError, SubmissionError
from grader.evidence import Answered, Evidence
from grader.grading import Grader, Selection
from grader.model import ExerciseResult, Grade, Status, Verdict
from grader.plan import Settings
from grader.sandbox.fake import FakeSandbox, Printed, Script, answer
from grader.sandbox.limits import CPU_LIMIT, CRASHED, PROTOCOL, Death
from grader.store import Store
from grader.submission import Module, Submission
from grader.wire.records import Frame, Problem

SETTINGS = Settings(seed=3)
HANDED_IN = Submission("alice", {"made_up.py": b"class Small: '''mine'''\n"})
MINE = b"mine"
MODULE = Module("made_up", "made_up.py")
EXAMINED = exercise(training=None, band=None, points={k: v for k, v in POINTS.items() if k != "training"})
OTHER = replace(EXAMINED, name="Other")


@pytest.fixture
def made(course: Course) -> Course:
    """Give a course of two exercises that are examined and not trained."""
    return made_up.course(course.root, EXAMINED, OTHER)


@pytest.fixture
def grade(made: Course, tmp_path: Path) -> Callable[..., Grade]:
    """Give a way to grade a submission whose worker follows a script; the reference answers as it should."""

    def graded(student: Script, collected: Submission = HANDED_IN, **more: Any) -> Grade:
        sandbox = FakeSandbox(script(GOOD), {MINE: student}, more.pop("broken", None))
        with Grader(made, sandbox, SETTINGS, Store(tmp_path / "store"), workers=2, **more) as grader:
            return grader.grade_collected(collected)

    return graded


def job(number: int = 0) -> plan.Job:
    """Give the first job of the exercise that is only examined."""
    return plan.jobs(EXAMINED, made_up.NO_DIGITS, SETTINGS)[number]


def run(played: Script) -> tuple[Evidence, FakeSandbox]:
    """Put the questions of that job to a scripted worker."""
    sandbox = FakeSandbox(played)
    return run_job(sandbox, job(), HANDED_IN.files, MODULE), sandbox


def only(result: Grade, name: str = "Small") -> ExerciseResult:
    """Give the result of one exercise."""
    (found,) = [each for each in result.exercises if each.name == name]
    return found


def verdicts(result: ExerciseResult) -> set[Verdict]:
    """Give the verdicts of an exercise's checks."""
    return {check.verdict for check in result.checks}


def for_other(reply: Any) -> Script:
    """Make a script that replies so to every question that names the exercise Other, and rightly to the rest."""

    def play(op: str, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        return reply if params.get("name") == "Other" else script(GOOD)(op, params, arrays)

    return play


def test_a_job_asks_everything_in_order() -> None:
    """Loading should come first, then every question of the plan, once each, and the line be closed."""
    evidence, sandbox = run(script(GOOD))
    (line,) = sandbox.lines
    assert list(evidence.outcomes) == ["load", *(probe.id for probe in job().probes)]
    assert [op for op, _ in line.asked] == ["load", *(probe.op for probe in job().probes)]
    assert all(isinstance(outcome, Answered) for outcome in evidence.outcomes.values())
    assert line.closed == 1


def test_a_worker_gets_the_submission_and_nothing_else() -> None:
    """The first question should carry the paths and bytes of the submission, an empty file too."""
    seen: list[Any] = []

    def play(op: str, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        seen.append((dict(params), {name: array.tobytes() for name, array in arrays.items()}))
        return problem()

    run_job(FakeSandbox(play), job(), {"b.py": b"", "a/made_up.py": b"x"}, Module("a/made_up", "a/made_up.py"))
    ((params, arrays),) = seen
    assert (params["paths"], params["module"]) == (["a/made_up.py", "b.py"], "a/made_up")
    assert arrays == {"0": b"x", "1": b""}


def test_questions_whose_needs_failed_are_not_put() -> None:
    """What needs an answer that did not come should not be asked; what does not need it should."""
    evidence, _ = run(script(replaced(GOOD, build_1=problem())))
    assert [id for id in evidence.outcomes if ".1" in id] == ["build.1", "eval.0.1"]
    assert evidence.answered("dry")


def test_nothing_is_asked_of_a_file_that_does_not_load() -> None:
    """An exception while importing should be all there is."""
    evidence, _ = run(script(replaced(GOOD, load=problem())))
    assert dict(evidence.outcomes) == {"load": problem()}


@pytest.mark.parametrize("probe", ["load", "find", "build.0", "tables.1", "train.0.0", "dry"])
def test_death_stops_the_questions(probe: str) -> None:
    """After a worker's death its answers so far should stand, and no more be asked."""
    death = Death(CRASHED, "signal 11")
    evidence, sandbox = run(script(Evidence({**GOOD.outcomes, probe: death})))
    asked = list(evidence.outcomes)
    assert asked == ["load", *(each.id for each in job().probes)][: len(asked)]
    assert (asked[-1], evidence.outcomes[probe]) == (probe, death)
    assert len(sandbox.lines[0].asked) == len(asked)


def test_a_lie_is_a_death_with_a_name() -> None:
    """A record that was not asked for should end the questions as a protocol violation."""
    evidence, sandbox = run(script(Evidence({**GOOD.outcomes, "build.0": Answered(LOADED)})))
    outcome = evidence.outcomes["build.0"]
    assert isinstance(outcome, Death)
    assert outcome.kind == PROTOCOL
    assert sandbox.lines[0].asked[-1][0] == "build"
    assert sandbox.lines[0].closed == 1


@pytest.mark.parametrize("error", [SandboxError("gone"), RuntimeError("a bug of ours"), KeyboardInterrupt()])
def test_the_line_is_closed_whatever_happens(error: BaseException) -> None:
    """An exception on the line should reach the caller, and leave no worker behind."""

    def play(*_: Any) -> Any:
        raise error

    sandbox = FakeSandbox(play)
    with pytest.raises(type(error)):
        run_job(sandbox, job(), HANDED_IN.files, MODULE)
    assert sandbox.lines[0].closed == 1


def test_what_is_printed_is_kept() -> None:
    """Output should be in the evidence, in order."""

    def play(op: str, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        return Printed(f"{op}\n", script(GOOD)(op, params, arrays))  # type: ignore[arg-type]  # only replies here

    evidence, _ = run(play)
    assert evidence.output.startswith("load\nfind\nbuild\n")


def test_a_correct_submission_earns_everything(grade: Callable[..., Grade]) -> None:
    """Every exercise should be graded, every check passed, and every point earned."""
    result = grade(script(GOOD))
    assert [each.status for each in result.exercises] == [Status.GRADED] * 2
    assert result.score == result.max_score == 18.0
    assert (result.submission, result.device) == ("alice", "cpu")


def test_a_trained_exercise_is_judged_by_labels_that_stay_here(course: Course, tmp_path: Path) -> None:
    """Scores that point at the right classes should pass, and at the classes before renaming should not."""
    asked = exercise()
    labels = plan.test_labels(asked, TRAINING, course.digits, SETTINGS)
    first = plan.TRAIN_SAMPLES
    for given, verdict in ((labels, Verdict.PASSED), (course.digits.labels[first : first + 20], Verdict.FAILED)):
        sandbox = FakeSandbox(script(made_up.evidence(labels)), {MINE: script(made_up.evidence(given))})
        with Grader(made_up.course(course.root, asked), sandbox, SETTINGS, Store(tmp_path)) as grader:
            checks = {check.id: check.verdict for check in only(grader.grade_collected(HANDED_IN)).checks}
        assert checks.pop("training") is verdict
        assert set(checks.values()) == {Verdict.PASSED}


def test_a_file_that_is_absent_is_not_submitted(made: Course, tmp_path: Path) -> None:
    """An assignment whose file is absent should say so, earn nothing, and start no worker."""
    own = tuple(replace(each, assignment="second") for each in made.assignments[0].exercises)
    other = replace(made.assignments[0], id="second", module="second", exercises=own)
    sandbox = FakeSandbox(script(GOOD))
    with Grader(Course(made.root, (*made.assignments, other)), sandbox, SETTINGS, Store(tmp_path)) as grader:
        result = grader.grade_collected(Submission("alice", {"second.py": b""}))
    first, second = result.assignments
    assert {each.status for each in first.exercises} == {Status.NOT_SUBMITTED}
    assert {each.status for each in second.exercises} == {Status.GRADED}
    assert (first.score, second.score) == (0.0, 18.0)
    assert all("made_up.py" in each.note for each in first.exercises)
    assert all(line.asked[0][1]["module"] == "second" for line in sandbox.lines)


def test_nothing_to_grade_says_what_was_expected(grade: Callable[..., Grade]) -> None:
    """A submission with none of the files asked for should be refused, naming them and what is there."""
    with pytest.raises(SubmissionError, match=r"Expected: made_up\.py\. There: homework\.py"):
        grade(script(GOOD), Submission("alice", {"homework.py": b""}))


STUB = Problem(
    "NotImplementedError",
    "define the layers here",
    (Frame("made_up.py", 12, "__init__", 'raise NotImplementedError("define the layers here")'),),
    None,
)


@pytest.mark.parametrize(
    "student", [replaced(GOOD, build_0=STUB), changed(GOOD, "find", kind="absent")], ids=["stub", "absent"]
)
def test_the_stub_as_handed_out_is_not_attempted(grade: Callable[..., Grade], student: Evidence) -> None:
    """A stub that still raises, or a name that is nowhere, should count as not attempted and judge nothing."""
    result = only(grade(script(student)))
    assert (result.status, result.score, verdicts(result)) == (Status.NOT_ATTEMPTED, 0.0, {Verdict.SKIPPED})
    assert result.note


@pytest.mark.parametrize(
    "student",
    [
        replaced(GOOD, build_0=replace(STUB, frames=STUB.frames * 2)),
        replaced(GOOD, build_0=problem("NotImplementedError", frames=0)),
        replaced(GOOD, build_0=problem("TypeError")),
        changed(GOOD, "find", kind="absent", similar=("small",)),
    ],
    ids=["called by own code", "not in own code", "another exception", "misspelt"],
)
def test_an_attempt_is_graded(grade: Callable[..., Grade], student: Evidence) -> None:
    """Code of the student's own that fails should be graded, and fail."""
    result = only(grade(script(student)))
    assert result.status is Status.GRADED
    assert Verdict.FAILED in verdicts(result)


def test_calling_a_module_list_is_an_attempt(grade: Callable[..., Grade]) -> None:
    """A constructor that calls its ModuleList should be graded: torch raises NotImplementedError there."""
    message = 'Module [ModuleList] is missing the required "forward" function'
    assert only(grade(script(replaced(GOOD, build_0=problem("NotImplementedError", message))))).status is Status.GRADED


def test_a_broken_sandbox_is_an_error_and_stops_no_other(grade: Callable[..., Grade]) -> None:
    """Where a worker cannot be had, the exercise should be our error; the others should be graded."""
    result = grade(for_other(SandboxError("a worker could not be walled in")))
    assert (only(result).status, only(result).score) == (Status.GRADED, 9.0)
    broken = only(result, "Other")
    assert (broken.status, broken.score, verdicts(broken)) == (Status.ERROR, 0.0, {Verdict.ERROR})
    assert broken.note == "a worker could not be walled in"


def test_no_worker_at_all_is_an_error_of_ours(grade: Callable[..., Grade]) -> None:
    """Where no worker can be opened, every exercise should be our error, and none the student's."""
    result = grade(script(GOOD), broken=SandboxError("the sandbox is gone"))
    assert {each.status for each in result.exercises} == {Status.ERROR}
    assert {verdict for each in result.exercises for verdict in verdicts(each)} == {Verdict.ERROR}


def test_a_bug_of_ours_is_an_error_with_its_traceback(
    grade: Callable[..., Grade], capsys: pytest.CaptureFixture[str]
) -> None:
    """An unexpected exception should cost that exercise alone, and be shown to who looks after the grader."""
    result = grade(for_other(RuntimeError("a bug of ours")))
    assert [only(result).status, only(result, "Other").status] == [Status.GRADED, Status.ERROR]
    assert "RuntimeError: a bug of ours" in capsys.readouterr().err


def test_a_death_is_the_students_and_stops_no_other(grade: Callable[..., Grade]) -> None:
    """A time limit reached should fail that exercise, not be an error, and the others be graded."""
    result = grade(for_other(Death(CPU_LIMIT, "more than 20 s of computing time")))
    dead = only(result, "Other")
    assert (dead.status, only(result).score) == (Status.GRADED, 9.0)
    assert verdicts(dead) == {Verdict.FAILED, Verdict.SKIPPED}
    assert "more than 20 s" in dead.checks[0].finding.rationale


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(), ["Small", "Other"]),
        (Selection(exercises=frozenset(["made_up.Other"])), ["Other"]),
        (Selection(assignments=frozenset(["made_up"])), ["Small", "Other"]),
    ],
)
def test_only_what_was_asked_for_is_graded(grade: Callable[..., Grade], selection: Selection, names: list[str]) -> None:
    """A selection should leave out what it does not name, points included."""
    result = grade(script(GOOD), selection=selection)
    assert [each.name for each in result.exercises] == names
    assert result.max_score == 9.0 * len(names)


def test_output_and_code_are_shown_beside_a_failure(grade: Callable[..., Grade]) -> None:
    """What was printed and the student's line should be among the exhibits."""
    lines = b"# mine\n" + b"pass\n" * 20

    def play(op: str, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        return Printed("hello\n", answer(LOADED)) if op == "load" else problem()

    shown = only(grade(play, Submission("alice", {"made_up.py": lines}))).exhibits
    assert shown.output == "hello\n"
    assert [line.number for line in shown.code[0].lines if line.marked] == [10]


@pytest.mark.parametrize("seconds", [0.01, 0.3, 0.6, 3.0, 60.0])
def test_the_output_shown_is_that_of_the_examination(course: Course, tmp_path: Path, seconds: float) -> None:
    """However long training takes, the output shown should be that of the worker that examines, not of the other."""

    def play(op: str, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        return Printed(f"{op} ", script(GOOD)(op, params, arrays))  # type: ignore[arg-type]  # only replies here

    asked = exercise(training=replace(TRAINING, seconds=seconds))
    with Grader(made_up.course(course.root, asked), FakeSandbox(play), SETTINGS, Store(tmp_path)) as grader:
        assert "find" in only(grader.grade_collected(HANDED_IN)).exhibits.output


def test_workers_are_ended_when_grading_is_interrupted(made: Course, tmp_path: Path) -> None:
    """Leaving by an exception should end the sandbox, leaving in peace should leave that to its owner."""
    sandbox = FakeSandbox(script(GOOD))
    with Grader(made, sandbox, SETTINGS, Store(tmp_path)):
        pass
    assert sandbox.closed == 0
    with pytest.raises(KeyboardInterrupt), Grader(made, sandbox, SETTINGS, Store(tmp_path)):
        raise KeyboardInterrupt
    assert sandbox.closed == 1
