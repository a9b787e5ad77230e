"""A worker's answers become evidence only when record and arrays fit together; saved evidence is read as it was."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import made_up
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader import evidence as ev
from grader.checks.aspects import CALLS
from grader.evidence import Answered, Evidence
from grader.sandbox.channel import Answer
from grader.sandbox.fake import answer
from grader.sandbox.limits import ANSWER_LIMIT, CRASHED, PROTOCOL, WALL_LIMIT, Death
from grader.wire import frames
from grader.wire.arrays import SCENES
from grader.wire.frames import FrameError
from grader.wire.records import DIGEST_WIDTH, Dried, Loaded, OutputInfo, Ran, Sampled, Trained

RUN = made_up.ran((4, 3), 2, "train")
PASS = made_up.ran((4, 3), 2, "eval")
TRAIN = made_up.evidence().outcomes["train"]
ODD = Evidence(
    {
        "load": Answered(made_up.LOADED),
        "train.0.0": Answered(RUN.record, {**RUN.arrays, "gradients": np.full((4, DIGEST_WIDTH), np.nan)}),
        "build.0": made_up.problem(frames=3),
        "dry": Answered(Dried(OutputInfo("", (), "", ""), True, made_up.problem("ValueError", "in the record"))),
        "train": Death(WALL_LIMIT, "no answer within 60 s"),
    },
    "printed: ü\n\\ud800",
)


def with_arrays(outcome: Any, **arrays: np.ndarray | None) -> Answer:
    """Give the worker's reply with other arrays; None leaves one out."""
    kept = {name: array for name, array in {**outcome.arrays, **arrays}.items() if array is not None}
    return answer(outcome.record, **kept)


def with_fields(outcome: Any, **fields: Any) -> Answer:
    """Give the worker's reply with other fields of its record."""
    return answer(dataclasses.replace(outcome.record, **fields), **outcome.arrays)


def expect_violation(op: str, reply: Answer, words: str) -> None:
    """The reply should count as the worker's death, with these words."""
    outcome = ev.validate(op, reply)
    assert isinstance(outcome, Death)
    assert outcome.kind == PROTOCOL
    assert words in outcome.detail


def same(one: Evidence, other: Evidence) -> bool:
    """Whether two pieces of evidence are equal, NaN for NaN, probe for probe, in order."""

    def flat(evidence: Evidence) -> list[Any]:
        outcomes = []
        for probe, found in evidence.outcomes.items():
            arrays = found.arrays if isinstance(found, Answered) else {}
            bits = {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in arrays.items()}
            outcomes.append((probe, found.record if isinstance(found, Answered) else found, bits))
        return [evidence.output, *outcomes]

    return flat(one) == flat(other)


@pytest.mark.parametrize(("op", "outcome"), [("run", RUN), ("run", PASS), ("train", TRAIN)])
def test_an_honest_answer_is_taken_as_it_is(op: str, outcome: Answered) -> None:
    """Record and arrays that fit together should become an answer."""
    assert same(Evidence({"x": ev.validate(op, with_arrays(outcome))}), Evidence({"x": outcome}))


def test_problems_and_deaths_pass_through() -> None:
    """What is not an answer should stay what it is."""
    death = Death(CRASHED, "signal 11")
    assert ev.validate("run", made_up.problem()) == made_up.problem()
    assert ev.validate("run", death) is death


@pytest.mark.parametrize("op", ["load", "find", "build", "tables", "run", "dry", "train"])
@pytest.mark.parametrize("body", [None, [], {}, 1, "passed", {"verdict": "passed"}])
def test_an_answer_of_another_form_is_a_violation(op: str, body: Any) -> None:
    """Whatever is not the record that belongs to the question should be refused."""
    expect_violation(op, Answer(body, {}), "expected exactly the keys")


def test_the_record_of_another_question_is_a_violation() -> None:
    """An answer to a question that was not put should be refused, however well formed."""
    expect_violation("run", with_arrays(TRAIN), "Ran: expected exactly the keys")


@pytest.mark.parametrize("name", ["output", "buffers", "input_gradient"])
def test_a_run_must_bring_its_arrays(name: str) -> None:
    """A run without one of the arrays that its record speaks of should be refused."""
    expect_violation("run", with_arrays(RUN, **{name: None}), f"arrays {sorted(set(RUN.arrays) - {name})} where")


@pytest.mark.parametrize("name", ["extra", "output2", "../output", "losses"])
def test_a_run_must_bring_no_other_array(name: str) -> None:
    """An array that nobody asked for should be refused."""
    expect_violation("run", with_arrays(RUN, **{name: np.zeros(1)}), "where ['buffers', 'gradients',")


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("output", np.zeros((4, 3))),
        ("output", np.zeros((2, 4))),
        ("output", np.zeros(8)),
        ("output", np.zeros(())),
        ("output", np.zeros((0, 2))),
        ("buffers", np.zeros((2, DIGEST_WIDTH))),
        ("buffers", np.zeros((3, DIGEST_WIDTH + 1))),
        ("buffers", np.zeros(3)),
        ("gradients", np.zeros((5, DIGEST_WIDTH))),
        ("gradients", np.zeros((4, 1))),
        ("gradients", np.zeros((0, DIGEST_WIDTH))),
    ],
)
def test_a_run_must_have_the_shapes_it_announces(name: str, array: np.ndarray) -> None:
    """Output, buffers and gradients should have the shapes that follow from the record, without broadcasting."""
    expect_violation("run", with_arrays(RUN, **{name: array}), f"array {name} has the shape {array.shape}")


@pytest.mark.parametrize("name", ["buffers", "gradients"])
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_digests_must_be_float64(name: str, dtype: str) -> None:
    """Digests of another dtype should be refused: rounding there would decide verdicts."""
    reply = with_arrays(RUN, **{name: RUN.arrays[name].astype(dtype)})
    expect_violation("run", reply, f"array {name} is {dtype}, not 'float64'")


def test_a_run_that_gave_no_tensor_brings_no_output() -> None:
    """Where forward returned something else, an output array should be refused, and its absence accepted."""
    nothing = OutputInfo("tuple", (), "", "")
    reply = with_fields(RUN, output=nothing, has_input_gradient=False)
    expect_violation("run", reply, "arrays ['buffers', 'gradients', 'input_gradient', 'output'] where")
    taken = ev.validate("run", Answer(reply.body, {"buffers": RUN.arrays["buffers"]}))
    assert isinstance(taken, Answered)
    assert taken.record.output == nothing


@pytest.mark.parametrize("shape", [(4, 1 << 40), (1 << 62,), (1,) * 16])
def test_an_announced_shape_is_not_believed(shape: tuple[int, ...]) -> None:
    """A record that announces a shape which its array does not have should be refused."""
    output = dataclasses.replace(RUN.record.output, shape=shape)
    expect_violation("run", with_fields(RUN, output=output), f"not {shape}"[:80])


@pytest.mark.parametrize("shape", [(-4, -2), (1,) * 17, (4, -1)])
@pytest.mark.parametrize("probe", ["train.0.0", "dry"])
def test_shapes_that_no_tensor_has_are_refused(shape: tuple[int, ...], probe: str) -> None:
    """Sizes below zero, and more axes than can be sent, should be refused with or without an array."""
    outcome: Any = made_up.GOOD.outcomes[probe]
    reply = with_fields(outcome, output=dataclasses.replace(outcome.record.output, shape=shape))
    expect_violation("dry" if probe == "dry" else "run", reply, "a shape that no tensor has")


def test_what_is_no_tensor_has_no_shape() -> None:
    """A shape beside a result that is no tensor should be refused."""
    reply = with_fields(made_up.GOOD.outcomes["dry"], output=OutputInfo("tuple", (4, 2), "", ""))
    expect_violation("dry", reply, "a shape that no tensor has")


@pytest.mark.parametrize("field", ["shape", "stored"])
@pytest.mark.parametrize("shape", [(1,) * 9, (1 << 41,), (1 << 62, 1 << 62), (-1,), (3, -3)])
def test_parameters_have_shapes_that_tensors_have(field: str, shape: tuple[int, ...]) -> None:
    """A table of made-up sizes should be refused before anything is computed with them."""
    outcome: Any = made_up.GOOD.outcomes["tables.0"]
    first, *others = outcome.record.tensors
    rows = (dataclasses.replace(first, **{field: shape}), *others)
    expect_violation("tables", with_fields(outcome, tensors=rows), "a shape that no tensor has")


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "bool"])
def test_the_output_must_have_the_dtype_it_announces(dtype: str) -> None:
    """An output of another dtype than the record names should be refused: the tolerance depends on it."""
    reply = with_arrays(RUN, output=RUN.arrays["output"].astype(dtype))
    expect_violation("run", reply, f"array output is {dtype}, not 'float64'")
    output = dataclasses.replace(RUN.record.output, dtype=dtype)
    both = Answer(with_fields(RUN, output=output).body, reply.arrays)
    assert isinstance(ev.validate("run", both), Answered)


def test_bfloat16_travels_as_float32() -> None:
    """NumPy has no bfloat16, so its values should come as float32, under its own name."""
    output = dataclasses.replace(RUN.record.output, dtype="bfloat16")
    arrays = {**RUN.arrays, "output": RUN.arrays["output"].astype(np.float32)}
    assert isinstance(ev.validate("run", Answer(with_fields(RUN, output=output).body, arrays)), Answered)


@pytest.mark.parametrize(
    ("dtype", "problem"),
    [("float32", None), ("float16", None), ("", None), ("float64", made_up.problem()), ("int8", made_up.problem())],
)
def test_a_coarser_pass_needs_its_reason(dtype: str, problem: Any) -> None:
    """float32, which is compared with more tolerance, should come with the exception that float64 ended with."""
    expect_violation("run", with_fields(RUN, dtype=dtype, double_problem=problem), "which nothing explains")


def test_the_gradient_of_the_input_has_its_dtype() -> None:
    """A gradient of the input in another dtype than the pass should be refused."""
    reply = with_arrays(RUN, input_gradient=RUN.arrays["input_gradient"].astype(np.int64))
    expect_violation("run", reply, "array input_gradient is int64, not 'float64'")


@pytest.mark.parametrize(("backward", "outcome"), [(True, PASS), (False, RUN)])
def test_gradients_come_when_they_were_asked_for(backward: bool, outcome: Answered) -> None:
    """Gradients that nobody asked for should be refused, and so should a backward pass without them."""
    reply = answer(outcome.record, **outcome.arrays)
    assert isinstance(ev.validate("run", reply, {"backward": not backward}), Answered)
    death = ev.validate("run", reply, {"backward": backward})
    assert isinstance(death, Death)
    assert death.kind == PROTOCOL


def test_a_model_of_too_many_layers_is_no_lie() -> None:
    """A table that is too long should have a name of its own: an honest loop can make one."""
    outcome: Any = made_up.GOOD.outcomes["tables.0"]
    death = ev.validate("tables", with_fields(outcome, tensors=outcome.record.tensors * 500))
    assert isinstance(death, Death)
    assert death.kind == ANSWER_LIMIT
    assert "Described.tensors" in death.detail


SCENE = Answer({"facts": [], "problem": None}, {"losses": np.zeros(3), "weights": np.zeros((3, 2))})


@pytest.mark.parametrize(
    ("scene", "arrays", "words"),
    [
        ("training-step", {"loss": np.zeros(3)}, "arrays ['loss'] where [] belong"),
        ("training-step", {"../losses": np.zeros(3)}, "where [] belong"),
        ("training-step", {"losses": np.zeros(3), "accuracies": np.zeros(3)}, "where ['losses'] belong"),
        ("training-step", {"losses": np.zeros(3, np.float32)}, "array losses is float32, not 'float64'"),
        ("training-step", {"losses": np.zeros(3, np.uint8)}, "array losses is uint8, not 'float64'"),
        ("plot-history", {"picture": np.zeros((2, 2, 3))}, "array picture is float64, not 'uint8'"),
        ("plot-history", {"picture": np.zeros((2, 2, 4), np.uint8)}, "array picture has the shape (2, 2, 4)"),
        ("plot-history", {"line 6": np.zeros(3)}, "arrays ['line 6'] where [] belong"),
    ],
)
def test_a_scene_brings_only_what_belongs_to_it(scene: str, arrays: dict[str, np.ndarray], words: str) -> None:
    """Arrays that the scene does not know, or of another dtype, should be refused; one that is missing may be."""
    assert isinstance(ev.validate("observe", SCENE, {"scene": "training-step"}), Answered)
    death = ev.validate("observe", Answer(SCENE.body, arrays), {"scene": scene})
    assert isinstance(death, Death)
    assert (death.kind, words in death.detail) == (PROTOCOL, True), death


def test_every_scene_says_what_it_brings() -> None:
    """The table of arrays and the table of calls should know the same scenes."""
    assert set(SCENES) == set(CALLS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"losses": np.zeros(3)}, "array losses has the shape (3,), not (4,)"),
        ({"losses": np.zeros((4, 1))}, "array losses has the shape (4, 1), not (4,)"),
        ({"losses": np.zeros(4, np.float32)}, "array losses is float32, not 'float64'"),
        ({"losses": None}, "arrays ['scores'] where ['losses', 'scores'] belong"),
        ({"scores": None}, "arrays ['losses'] where ['losses', 'scores'] belong"),
        ({"labels": np.zeros(4)}, "arrays ['labels', 'losses', 'scores'] where ['losses', 'scores'] belong"),
    ],
)
def test_a_training_run_must_bring_losses_and_scores(changes: dict[str, Any], words: str) -> None:
    """A training run should bring one loss a step as float64, its scores, and nothing else."""
    expect_violation("train", with_arrays(TRAIN, **changes), words)


@pytest.mark.parametrize("steps", [3, 5, -4, 0])
def test_a_training_run_must_have_the_steps_it_announces(steps: int) -> None:
    """The number of steps in the record should be that of the losses."""
    expect_violation("train", with_fields(TRAIN, steps=steps), f"not ({steps},)")


@pytest.mark.parametrize("op", ["load", "find", "build", "tables", "dry"])
def test_other_answers_bring_no_arrays(op: str) -> None:
    """An array beside a record that has none should be refused."""
    probe = {"build": "build.0", "tables": "tables.0"}.get(op, op)
    outcome: Any = made_up.evidence().outcomes[probe]
    assert isinstance(ev.validate(op, with_arrays(outcome)), Answered)
    expect_violation(op, with_arrays(outcome, x=np.zeros(1)), "arrays ['x'] where [] belong")


def test_evidence_answers_by_probe_and_kind() -> None:
    """A record should be given only for its own probe and its own kind; arrays of others are none."""
    assert ODD.get("load", Loaded) == made_up.LOADED
    assert ODD.get("load", Ran) is None
    assert ODD.get("build.0", Loaded) is None
    assert ODD.get("nothing", Loaded) is None
    assert (ODD.answered("load"), ODD.answered("build.0"), ODD.answered("nothing")) == (True, False, False)
    assert set(ODD.arrays("train.0.0")) == {"output", "buffers", "gradients", "input_gradient"}
    assert ODD.arrays("build.0") == ODD.arrays("nothing") == {}


def test_trouble_is_the_first_that_ended_badly() -> None:
    """Trouble should be the first probe of that prefix that did not end in an answer."""
    assert ODD.trouble("build") == ("build.0", ODD.outcomes["build.0"])
    assert ODD.trouble("train") == ("train", ODD.outcomes["train"])
    assert ODD.trouble("train.0") is None
    assert ODD.trouble("load") is None


def test_trouble_of_one_case_is_not_that_of_another() -> None:
    """The tenth case's trouble should not be found under the name of the first."""
    assert Evidence({"build.10": made_up.problem()}).trouble("build.1") is None


@pytest.mark.parametrize("evidence", [Evidence({}), ODD, made_up.evidence(printed="hello")])
def test_saved_evidence_is_read_as_it_was(evidence: Evidence) -> None:
    """Records, arrays (NaN too), problems, deaths, output and their order should survive the way to disk."""
    assert same(ev.load(ev.dump(evidence)), evidence)


def test_saving_is_the_same_every_time() -> None:
    """Equal evidence should give equal bytes."""
    assert ev.dump(made_up.evidence()) == ev.dump(made_up.evidence())


@settings(deadline=None)
@given(st.integers(0, len(ev.dump(ODD)) - 1))
def test_a_file_cut_short_is_refused(length: int) -> None:
    """Saved evidence that ends early, wherever, should be refused."""
    with pytest.raises(FrameError):
        ev.load(ev.dump(ODD)[:length])


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_no_evidence(data: bytes) -> None:
    """Bytes that were never saved evidence should be refused."""
    with pytest.raises(FrameError):
        ev.load(data)


NOT_EVIDENCE: list[Any] = [
    {},
    {"outcomes": {}},
    {"outcomes": {}, "output": "", "more": 1},
    {"outcomes": {"a": {"kind": "Loaded", "record": {"seconds": 1}}}, "output": ""},
    {"outcomes": {"a": {"kind": "Loaded", "record": []}}, "output": ""},
]


@pytest.mark.parametrize("header", NOT_EVIDENCE)
def test_other_frames_are_no_evidence(header: dict[str, Any]) -> None:
    """A frame that holds something else should be refused."""
    with pytest.raises(FrameError):
        ev.load(frames.encode(header))


BREAKS_LOAD: list[Any] = [
    {"outcomes": [], "output": ""},
    {"outcomes": {"a": []}, "output": ""},
    {"outcomes": {"a": {"kind": "Loaded"}}, "output": ""},
    {"outcomes": {"a": {"kind": "Unknown", "record": {}}}, "output": ""},
    {"outcomes": {"a": {"kind": [], "record": {}}}, "output": ""},
    {"outcomes": {"a": {"kind": {"a": 1}, "record": {}}}, "output": ""},
    {"outcomes": {}, "output": 5},
    {"outcomes": {"a": {"kind": "Trained", "record": {"steps": 1, "seconds": 0.1}}}, "output": ""},
]


@pytest.mark.parametrize("header", BREAKS_LOAD)
def test_damage_inside_a_frame_is_a_frame_error(header: dict[str, Any]) -> None:
    """Saved evidence whose inside is wrong should be refused by the one name that its readers expect."""
    with pytest.raises(FrameError):
        ev.load(frames.encode(header))


@settings(deadline=None, max_examples=300)
@example([(ev.dump(ODD).index(b'"kind"') + 1, ord("K"))])
@given(st.lists(st.tuples(st.integers(0, len(ev.dump(ODD)) - 1), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_damaged_file_is_refused_or_read(damage: list[tuple[int, int]]) -> None:
    """Saved evidence with some bytes changed should be refused, or read as evidence, and break nothing."""
    data = bytearray(ev.dump(ODD))
    for place, byte in damage:
        data[place] = byte
    try:
        found = ev.load(bytes(data))
    except FrameError:
        return
    assert all(isinstance(outcome, (Answered, Death, type(made_up.problem()))) for outcome in found.outcomes.values())


def test_what_is_saved_holds_no_pickle() -> None:
    """The file should be lengths, JSON and safetensors, and its header plain text."""
    data = ev.dump(ODD)
    size, _ = frames.LENGTHS.unpack_from(data)
    assert set(json.loads(data[8 : 8 + size])) == {"outcomes", "output"}
    assert Trained.__module__.encode() not in data


def test_a_sample_brings_its_output_and_nothing_else() -> None:
    """The output of a call on plain weights is the one array, in the shape and dtype that the record announces."""
    record = Sampled(OutputInfo("Tensor", (2, 3), "float32", "cpu"), True, True)
    output = np.zeros((2, 3), np.float32)
    assert isinstance(ev.validate("sample", answer(record, output=output)), Answered)
    expect_violation("sample", answer(record), "belong")
    expect_violation("sample", answer(record, output=output, buffers=output), "belong")
    expect_violation("sample", answer(record, output=output.T), "shape")
    expect_violation("sample", answer(record, output=output.astype(np.float64)), "float64")
    impossible = dataclasses.replace(record, output=OutputInfo("Tensor", (-2, 3), "float32", "cpu"))
    expect_violation("sample", answer(impossible, output=output), "shape")
    nothing = Sampled(OutputInfo("tuple", (), "", ""), True, True)
    assert isinstance(ev.validate("sample", answer(nothing)), Answered)
