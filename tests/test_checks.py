"""Every check, judged with made-up evidence: what passes, every way to fail, and whose doing it is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_up import GOOD, LOADED, POINTS, changed, exercise, problem, question, replaced, small

from grader import checks
from grader.checks import forward
from grader.checks.question import Question, ReferenceBroken, tolerance
from grader.checks.words import count
from grader.course import Band
from grader.evidence import Answered, Evidence
from grader.model import Finding, Verdict
from grader.sandbox import limits as kinds
from grader.sandbox.limits import Death
from grader.wire.records import Found, Loaded, OutputInfo, Ran

OUTPUT = OutputInfo("Tensor", (4, 2), "float64", "cpu")
TITLES = {"defined": "Small is there", "constructs": "It can be built", "shapes": "Outputs have the right shape"}


def judged(student: Evidence, **changes: Any) -> dict[str, Finding]:
    """Judge the student's evidence beside the reference's."""
    return checks.run(question(student, **changes))


def array(probe: str, name: str) -> np.ndarray:
    """A copy of one array of the reference."""
    return GOOD.arrays(probe)[name].copy()


def told(finding: Finding) -> str:
    """All words of a finding."""
    return " | ".join((finding.rationale, finding.expected, finding.got, finding.hint, finding.asked))


def other(probe: str, name: str, index: Any, value: float) -> Evidence:
    """Evidence where one number of one array is another."""
    values = array(probe, name)
    values[index] = value
    return changed(GOOD, probe, {name: values})


def gives(output: OutputInfo, probe: str = "train.0.0", **arrays: Any) -> Evidence:
    """Evidence where a forward pass returned something else."""
    return changed(GOOD, probe, arrays, output=output)


def test_a_correct_submission_passes_everything() -> None:
    """Evidence equal to the reference's should pass every check of the rubric, in the order of judging."""
    findings = judged(GOOD)
    assert list(findings) == [check.id for check in checks.CHECKS if check.id in POINTS]
    assert len(findings) == len(POINTS)
    assert {found.verdict for found in findings.values()} == {Verdict.PASSED}


def test_only_checks_worth_points_are_judged() -> None:
    """A check that the rubric gives no points to should not be judged, and not block others."""
    assert list(judged(GOOD, exercise=exercise(points={"forward": 1.0, "device": 1.0}))) == ["forward", "device"]


FAILURES: list[tuple[str, Evidence, str]] = [
    ("defined", replaced(GOOD, load=problem("ValueError", "at import")), "Importing made_up.py raised ValueError"),
    ("defined", replaced(GOOD, load=problem("SyntaxError", "bad")), "syntax error: bad, line 10, column 1"),
    ("defined", replaced(GOOD, load=problem("SystemExit", "0")), "tried to end the program"),
    ("defined", replaced(GOOD, load=problem("MemoryError", "")), "needed more memory than the limit of 2 GiB"),
    ("defined", replaced(GOOD, load=problem("RuntimeError", "can't allocate memory")), "needed more memory"),
    ("defined", replaced(GOOD, load=Death(kinds.CPU_LIMIT, "more than 20 s")), "did not come to an end: more than"),
    ("defined", replaced(GOOD, find=problem("RuntimeError")), "Importing made_up.py raised RuntimeError"),
    ("defined", replaced(GOOD, find=None), "could not be looked at"),
    ("defined", changed(GOOD, "find", kind="absent"), "`Small` is not defined"),
    ("defined", changed(GOOD, "find", kind="absent", similar=("small",)), "There is `small`: compare the spelling"),
    ("defined", changed(GOOD, "find", kind="other", type="int"), "an object of type int"),
    ("defined", changed(GOOD, "find", bases=("made_up.Small", "builtins.object")), "a class that does not"),
    ("constructs", replaced(GOOD, build_0=problem("TypeError", "takes 2")), "`Small(3, 2)` raised TypeError"),
    ("constructs", replaced(GOOD, build_1=problem()), "`Small(5, 4)` raised RuntimeError"),
    ("constructs", replaced(GOOD, build_1=Death(kinds.CRASHED, "signal 11")), "did not come to an end: signal 11"),
    ("constructs", replaced(GOOD, build_1=None), "`Small(5, 4)` was not reached"),
    ("constructs", changed(GOOD, "build.0", is_module=False, type="list"), "an object of type list"),
    ("constructs", changed(GOOD, "build.0", is_module=False, type="NoneType"), "without return gives None"),
    ("shapes", replaced(GOOD, train_0_0=problem("ValueError", "no")), "The forward pass raised ValueError"),
    ("shapes", replaced(GOOD, eval_0_1=Death(kinds.WALL_LIMIT, "60 s")), "The forward pass did not come to an end"),
    ("shapes", replaced(GOOD, eval_0_0=Death(kinds.WALL_LIMIT, "9 s"), train_0_0=None), "did not come to an end: 9 s"),
    ("shapes", replaced(GOOD, eval_1_0=None), "was not reached"),
    ("shapes", gives(OutputInfo("tuple", (), "", "")), "forward does not return one tensor. | a tensor | tuple"),
    ("shapes", gives(OutputInfo("NoneType", (), "", "")), "without return gives None"),
    ("shapes", gives(replace(OUTPUT, shape=(4, 3))), "(4, 2) | (4, 3) | The last layer decides"),
    ("shapes", gives(replace(OUTPUT, shape=(8, 1))), "(4, 2) | (8, 1) | As many rows must come out"),
    ("shapes", gives(replace(OUTPUT, shape=(8,))), "(4, 2) | (8,) | Each image should keep a row"),
    ("shapes", gives(replace(OUTPUT, shape=(2,)), "eval.0.1"), "(1, 2) | (2,) | Removing all axes of size one"),
    ("shapes", gives(replace(OUTPUT, shape=())), "(4, 2) | () |"),
    ("forward", changed(GOOD, "train.0.0", input_changed=True), "The tensor that was passed in has changed"),
    ("forward", other("train.0.0", "output", (3, 1), 99.0), "differs in train mode, first at [3, 1]"),
    ("forward", other("eval.0.0", "output", (0, 0), 99.0), "In train mode the values are right"),
    ("forward", other("eval.1.0", "output", (0, 3), 99.0), "differs in eval mode, first at [0, 3]"),
    ("forward", other("eval.0.1", "output", (0, 0), math.nan), "not finite, in eval mode"),
    ("forward", other("train.0.0", "output", (0, 0), math.inf), "not finite, in train mode"),
    ("forward", changed(GOOD, "eval.0.0", {"output": None}), "gave no output that can be compared"),
    ("forward", changed(GOOD, "eval.0.0", {"output": np.zeros((4, 1))}), "gave no output that can be compared"),
    ("gradients", changed(GOOD, "train.0.0", backward_problem=problem()), "The backward pass raised RuntimeError"),
    ("gradients", changed(GOOD, "train.1.0", {"gradients": None}), "nothing to differentiate"),
    ("gradients", changed(GOOD, "train.0.0", missing=("bn.weight",)), "No gradient reaches `bn.weight`"),
    ("gradients", changed(GOOD, "train.0.0", missing=("bn.bias",)), "none for 1 of 4"),
    ("gradients", changed(GOOD, "train.1.0", has_input_gradient=False), "No gradient reaches the input"),
    ("gradients", other("train.0.0", "gradients", (1, 2), math.nan), "The gradient of `linear.bias` is not finite"),
    ("gradients", other("train.0.0", "gradients", (3, 0), math.inf), "The gradient of `bn.bias` is not finite"),
    ("gradients", other("train.0.0", "input_gradient", (0, 0), 9.0), "the gradient of the input differs by up to"),
    ("gradients", other("train.0.0", "input_gradient", (0, 0), math.nan), "the gradient of the input differs"),
    ("gradients", changed(GOOD, "train.0.0", {"input_gradient": np.zeros(3)}), "gradient of the input has another sha"),
    ("gradients", other("train.1.0", "gradients", (0, 3), 9.0), "the gradient of `linear.weight` differs"),
    ("modes", changed(GOOD, "eval.0.0", repeats=False), "Two passes in eval mode give different outputs"),
    ("modes", changed(GOOD, "eval.1.0", buffers_changed=("bn.running_mean",)), "changes `bn.running_mean`"),
    ("modes", changed(GOOD, "train.0.0", stuck=("drop",)), ".train() does not reach `drop`"),
    ("modes", changed(GOOD, "eval.0.0", stuck=("a", "b")), ".eval() does not reach `a`, `b`"),
    ("modes", other("train.0.0", "buffers", (0, 0), 9.0), "the running mean differs"),
    ("modes", other("train.1.0", "buffers", (1, 4), 9.0), "the running variance differs"),
    ("modes", other("train.0.0", "buffers", (2, 0), 2.0), "another number of times than once"),
    ("device", replaced(GOOD, dry=problem()), "Running on another device raised RuntimeError"),
    ("device", replaced(GOOD, dry=None), "The run on another device was not reached"),
    ("device", changed(GOOD, "dry", problem=problem("RuntimeError", "cpu")), "It should live where the input lives"),
    ("device", changed(GOOD, "dry", output=replace(OUTPUT, device="cpu")), "not on the device of the input"),
    ("device", changed(GOOD, "dry", output=replace(OUTPUT, device="")), "| nothing |"),
    ("device", changed(GOOD, "dry", reads_values=True), "not on the device of the input"),
    ("device", changed(GOOD, "eval.1.0", double_problem=problem()), "Running in float64 raised RuntimeError"),
    (
        "device",
        gives(replace(OUTPUT, dtype="float32"), "eval.0.0"),
        "than the input. | float64 | float32",
    ),
    ("training", replaced(GOOD, train=problem("ValueError")), "The training run raised ValueError"),
    ("training", replaced(GOOD, train=Death(kinds.CPU_LIMIT, "60 s")), "The training run did not come to an end"),
    ("training", replaced(GOOD, train=None), "no predictions that can be scored"),
    ("training", changed(GOOD, "train", {"scores": np.ones((20, 9))}), "no predictions that can be scored"),
    ("training", changed(GOOD, "train", {"scores": np.ones(200)}), "no predictions that can be scored"),
    ("training", changed(GOOD, "train", {"losses": np.ones(3)}), "no predictions that can be scored"),
    ("training", other("train", "scores", (0, 0), math.nan), "no predictions that can be scored"),
    ("training", other("train", "losses", 3, math.nan), "The loss stops being a number"),
    ("training", other("train", "losses", 3, math.inf), "The loss stops being a number"),
    ("training", other("train", "losses", 1, 9.0), "the loss is another than the reference's"),
    ("training", changed(GOOD, "train", {"scores": np.eye(10)[np.zeros(20, int)]}), "at least 50.0% on 20 digits"),
]


@pytest.mark.parametrize(("check", "student", "words"), FAILURES, ids=[f"{row[0]}: {row[2]}" for row in FAILURES])
def test_every_way_to_fail_is_the_students_and_says_why(check: str, student: Evidence, words: str) -> None:
    """One wrong answer should fail the check that is about it, in words; what it does not touch is no error of ours."""
    findings = judged(student)
    assert findings[check].verdict is Verdict.FAILED
    assert words in told(findings[check])
    assert findings[check].rationale.endswith(".")
    assert Verdict.ERROR not in {found.verdict for found in findings.values()}


@pytest.mark.parametrize(("check", "student"), [row[:2] for row in FAILURES], ids=range(len(FAILURES)))
def test_nothing_before_the_failure_fails(check: str, student: Evidence) -> None:
    """One mistake should fail one check of those that it depends on, not each in turn."""
    findings = judged(student)
    assert all(findings[need].verdict is Verdict.PASSED for need in checks.BY_ID[check].needs)


def test_what_depends_on_a_failure_is_skipped_with_its_title() -> None:
    """A check whose need did not pass should be skipped, say which, and so on down the line."""
    findings = judged(replaced(GOOD, load=problem()))
    assert findings["defined"].verdict is Verdict.FAILED
    for id, found in list(findings.items())[1:]:
        assert found.verdict is Verdict.SKIPPED
        assert any(TITLES[need] in found.rationale for need in checks.BY_ID[id].needs)


@pytest.mark.parametrize("check", ["gradients", "modes"])
def test_values_are_not_compared_where_outputs_differ(check: str) -> None:
    """Where the outputs differ, gradients and statistics should be skipped, not failed a second time."""
    assert judged(other("train.0.0", "output", (0, 0), 99.0))[check].verdict is Verdict.SKIPPED


@pytest.mark.parametrize(
    ("check", "student"),
    [
        ("gradients", changed(other("train.0.0", "output", (0, 0), 9.0), "train.1.0", missing=("bn.bias",))),
        ("modes", changed(other("train.0.0", "output", (0, 0), 9.0), "eval.0.0", repeats=False)),
    ],
)
def test_what_needs_no_comparison_fails_all_the_same(check: str, student: Evidence) -> None:
    """A gradient that is absent, or an eval mode that is random, should fail even where the outputs differ."""
    assert judged(student)[check].verdict is Verdict.FAILED


def test_losses_are_not_compared_where_gradients_differ() -> None:
    """A run that goes another way because its gradients do should be judged by its accuracy alone."""
    student = changed(other("train.0.0", "gradients", (0, 0), 9.0), "train", {"losses": array("train", "losses") + 1})
    findings = judged(student)
    assert (findings["gradients"].verdict, findings["training"].verdict) == (Verdict.FAILED, Verdict.PASSED)


def right(share: int) -> Evidence:
    """Make evidence of a run after which so many of the 20 digits are recognised."""
    classes = np.where(np.arange(20) < share, np.arange(20) % 10, (np.arange(20) + 1) % 10)
    return changed(GOOD, "train", {"scores": np.eye(10)[classes]})


@pytest.mark.parametrize(("share", "verdict"), [(10, Verdict.PASSED), (9, Verdict.FAILED)])
def test_the_lowest_of_the_band_is_enough(share: int, verdict: Verdict) -> None:
    """An accuracy of exactly the band's lowest should pass, one digit fewer should not."""
    assert judged(right(share))["training"].verdict is verdict


def test_nobody_fails_where_the_reference_misses_the_band() -> None:
    """A seed with which the reference does not reach its own band should be our error; who reaches it should pass."""
    assert judged(right(9), reference=right(9))["training"].verdict is Verdict.ERROR
    assert judged(right(10), reference=right(9))["training"].verdict is Verdict.PASSED


@pytest.mark.parametrize(("share", "verdict"), [(8, Verdict.PASSED), (7, Verdict.FAILED)])
def test_who_comes_near_a_poor_run_of_the_reference_passes(share: int, verdict: Verdict) -> None:
    """The band from 50 % should give way to 6 deviations of 2 % below a reference that reaches 50 % itself."""
    band = Band(lowest=0.5, mean=0.8, deviation=0.02, runs=40)
    assert judged(right(share), reference=right(10), exercise=exercise(band=band))["training"].verdict is verdict


def test_a_model_that_reads_values_may_answer_on_the_cpu() -> None:
    """A model that cannot run without values should pass where its result lies with its input."""
    student = changed(GOOD, "dry", reads_values=True, output=OutputInfo("Tensor", (4, 2), "float32", "cpu"))
    assert judged(student)["device"].verdict is Verdict.PASSED


def test_one_batch_norm_may_count_beside_one_that_does_not() -> None:
    """Fewer counters than the reference's should pass, each right; a wrong one among them, or more, should not."""

    def counters(evidence: Evidence, *uses: float) -> Evidence:
        table = evidence.outcomes["trace.0"].record  # type: ignore[union-attr]
        (counter,) = (row for row in table.tensors if row.role == "count")
        ran = evidence.outcomes["train.0.0"].record  # type: ignore[union-attr]
        digests = evidence.arrays("train.0.0")["buffers"]
        place = ran.buffer_of.index(counter.path)
        paths = [f"{counter.path}.{number}" for number in range(len(uses))]
        others = [n for n in range(len(digests)) if n != place]
        rows = [digests[n] for n in others] + [digests[place] * use for use in uses]
        tensors = [row for row in table.tensors if row != counter] + [replace(counter, path=path) for path in paths]
        evidence = changed(evidence, "trace.0", tensors=tuple(tensors))
        told = tuple([ran.buffer_of[n] for n in others] + paths)
        return changed(evidence, "train.0.0", {"buffers": np.stack(rows)}, buffer_of=told)

    reference = counters(GOOD, 1, 1)
    for uses, verdict in (
        ((1, 1), "passed"),
        ((1,), "passed"),
        ((), "passed"),
        ((2,), "failed"),
        ((1, 1, 1), "failed"),
    ):
        assert judged(counters(GOOD, *uses), reference=reference)["modes"].verdict == verdict, uses


def test_a_batch_norm_written_by_hand_need_not_count() -> None:
    """Without a counter of batches the modes should pass; without a running mean they should not."""
    for name, verdict in (("count", Verdict.PASSED), ("mean", Verdict.FAILED)):
        student = GOOD
        for number in (0, 1):
            table = student.outcomes[f"trace.{number}"].record  # type: ignore[union-attr]
            rows = tuple(row for row in table.tensors if row.role != name)
            student = changed(student, f"trace.{number}", tensors=rows)
        findings = judged(student)
        assert findings["modes"].verdict is verdict
    assert "The running mean over 2 values is not kept as a buffer." in findings["modes"].rationale


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ([[0.2, 0.8]] * 4, [[1.0, 3.0]] * 4, "each row should add up to one"),
        ([[1.0, -3.0]] * 4, [[0.2, 0.8]] * 4, "turned them into probabilities"),
        ([[2.0, 0.0]] * 4, [[1.0, -2.0]] * 4, "where the last step should leave none"),
        ([[1.0, -2.0]] * 4, [[2.0, 0.0]] * 4, "an activation that should not be there"),
    ],
)
def test_the_numbers_themselves_give_a_hint(ours: Any, theirs: Any, words: str) -> None:
    """Probabilities for scores, scores for probabilities, and a missing or spare activation should be hinted at."""
    student, reference = (changed(GOOD, "train.0.0", {"output": np.array(rows)}) for rows in (theirs, ours))
    assert words in judged(student, reference=reference)["forward"].hint


@pytest.mark.parametrize("row", [[math.inf, -math.inf], [math.nan, 0.0], [1.7e308, 1.7e308], [-1.7e308, 1.7e308]])
@pytest.mark.parametrize("probe", ["train.0.0", "eval.0.0"])
def test_numbers_without_end_make_no_warning(probe: str, row: list[float]) -> None:
    """An output of infinities or the largest numbers should fail without a word on the grader's error stream."""
    student = changed(GOOD, probe, {"output": np.array([row] * 4)})
    assert judged(student)["forward"].verdict is Verdict.FAILED


def test_the_modes_are_no_hint_where_the_parameters_differ() -> None:
    """With other parameters the weights are not the reference's, so equal outputs in train mode say nothing."""
    student = changed(other("eval.0.0", "output", (0, 0), 99.0), "trace.0", tensors=small(1))
    findings = judged(student)
    assert findings["parameters"].verdict is findings["forward"].verdict is Verdict.FAILED
    assert "train mode" not in findings["forward"].hint


def test_the_modes_are_no_hint_where_both_differ() -> None:
    """Where the output in train mode differs as well, it should not be called right."""
    student = other("eval.0.0", "output", (0, 0), 99.0)
    asked = question(changed(student, "train.0.0", {"output": array("train.0.0", "output") + 1}))
    for passed, hinted in ((asked, False), (replace(asked, student=student), True)):
        hint = forward._mode_hint(replace(passed, passed=frozenset({"parameters"})), "eval", "eval.0.0")
        assert bool(hint) is hinted


BROKEN: list[tuple[str, Evidence]] = [
    ("parameters", replaced(GOOD, trace_0=None, tables_0=None)),
    ("shapes", replaced(GOOD, eval_0_1=None)),
    ("forward", replaced(GOOD, eval_1_0=problem())),
    ("gradients", changed(GOOD, "train.0.0", {"gradients": None})),
    ("gradients", changed(GOOD, "train.1.0", {"input_gradient": None})),
    ("modes", replaced(GOOD, train_0_0=Death(kinds.CPU_LIMIT, ""))),
    ("device", replaced(GOOD, dry=problem())),
    ("training", replaced(GOOD, train=problem())),
]


@pytest.mark.parametrize(("check", "reference"), BROKEN)
def test_a_broken_reference_is_named_as_such(check: str, reference: Evidence) -> None:
    """Where the reference did not answer, the check should say so and judge nothing."""
    asked = question(GOOD, reference=reference, passed=frozenset({"shapes", "forward"}))
    with pytest.raises(ReferenceBroken):
        checks.BY_ID[check].judge(asked)


def test_a_broken_reference_is_an_error_of_ours() -> None:
    """What cannot be judged should be an error that is not the student's doing; the rest is judged."""
    findings = judged(GOOD, reference=replaced(GOOD, dry=problem()))
    assert findings["device"].verdict is Verdict.ERROR
    assert "The reference solution did not answer dry" in findings["device"].rationale
    assert {found.verdict for id, found in findings.items() if id != "device"} == {Verdict.PASSED}


def test_training_without_a_band_is_an_error_of_ours() -> None:
    """Without a measured band no training run should be judged."""
    assert judged(GOOD, exercise=exercise(band=None))["training"].verdict is Verdict.ERROR


def test_a_check_that_breaks_is_an_error_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception inside a check should be an error verdict with its traceback, and the others unaffected."""

    def breaks(_: Question) -> Finding:
        raise ZeroDivisionError("ours")

    broken = tuple(replace(check, judge=breaks) if check.id == "forward" else check for check in checks.CHECKS)
    monkeypatch.setattr(checks, "CHECKS", broken)
    findings = judged(GOOD)
    assert findings["forward"].verdict is Verdict.ERROR
    assert "not the student's doing" in findings["forward"].rationale
    assert "ZeroDivisionError: ours" in findings["forward"].got
    assert findings["gradients"].verdict is findings["modes"].verdict is Verdict.SKIPPED
    assert findings["shapes"].verdict is findings["training"].verdict is Verdict.PASSED


@pytest.mark.parametrize("probe", ["load", "find", "build.0", "train.0.0", "eval.0.1", "eval.1.0", "dry", "train"])
@pytest.mark.parametrize("record", [None, LOADED, Found("class", (), "", None, None, ())])
def test_nothing_answered_is_nothing_earned(probe: str, record: Any) -> None:
    """Without an answer, or with that to another question, something should fail, and nothing of ours break."""
    outcomes = {id: outcome for id, outcome in GOOD.outcomes.items() if id != probe}
    kind = {"load": Loaded, "find": Found}.get(probe)
    if record is not None and not (kind and isinstance(record, kind)):
        outcomes[probe] = Answered(record)
    verdicts = {found.verdict for found in judged(Evidence(outcomes)).values()}
    assert Verdict.ERROR not in verdicts
    assert Verdict.FAILED in verdicts or probe == "load"  # whoever found the name has loaded the file


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (267_410, "267 410"),
        (10**15, "1 000 000 000 000 000"),
        (10**15 + 1, "more than 10^15"),
        (1 << 100_000, "more than 10^15"),
    ],
    ids=range(5),
)
def test_numbers_of_any_size_can_be_written(number: int, text: str) -> None:
    """A count should be written in groups of three, and one that no computer can hold should be no error of ours."""
    assert count(number) == text


@pytest.mark.parametrize(("device", "dtype"), [("cpu", "float64"), ("cpu", "float32"), ("cuda", "float64")])
def test_tolerance_is_tight_only_where_everything_is_double(device: str, dtype: str) -> None:
    """Only a pass that computed in float64 throughout should be held to float64, with more room on a GPU."""
    ran = GOOD.get("eval.0.0", Ran)
    assert ran is not None
    given = tolerance(replace(ran, dtype=dtype, output=replace(ran.output, dtype=dtype)), device)
    mixed = tolerance(replace(ran, output=replace(ran.output, dtype="float32")), device)
    assert mixed == tolerance(replace(ran, dtype="float32"), device)
    assert (given < mixed) is (dtype == "float64")
    assert tolerance(ran, "cpu") < tolerance(ran, "cuda") < 1e-4
