"""Made-up evidence for the tests of checks: a small reference with one Linear and one BatchNorm, and its course.

Everything agrees with everything else: tables, shapes, gradients, buffers and scores are those of one network.
`changed` and `replaced` then make one thing wrong at a time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grader.checks.question import Question
from grader.course import Assignment, Band, Case, Course, Digits, Exercise, Method, Training
from grader.evidence import Answered, Evidence, Outcome
from grader.sandbox.fake import Script, answer
from grader.wire import records
from grader.wire.records import DIGEST_WIDTH, Described, ModuleRow, Passage, Passed, Problem, Ran, TensorRow

MODULE = "torch.nn.modules.module.Module"
LINEAR = "torch.nn.modules.linear.Linear"
BATCH_NORM = "torch.nn.modules.batchnorm.BatchNorm1d"
CASES = (Case((3, 2), ((4, 3), (1, 3)), {}), Case((5, 4), ((2, 5),), {}))
POINTS = dict.fromkeys(
    (
        "defined",
        "constructs",
        "method",
        "parameters",
        "shapes",
        "forward",
        "gradients",
        "modes",
        "device",
        "training",
    ),
    1.0,
)
TRAINING = Training((3, 10), steps=4, batch=5, rate=0.1, side=8, channels=1, output="logits", test=20, seconds=3.0)
LABELS = np.arange(20) % 10
NO_DIGITS = Digits(np.zeros((0, 8, 8), np.uint8), np.zeros(0, np.int64))  # for plans without a training run
LOADED = records.Loaded(0.25, ())
PARAMETERS = ("linear.weight", "linear.bias", "bn.weight", "bn.bias")
BUFFERS = ("bn.running_mean", "bn.running_var", "bn.num_batches_tracked")


def exercise(**changes: Any) -> Exercise:
    """Give the exercise that the evidence answers, with other fields where asked."""
    small = Exercise(
        assignment="made_up",
        name="Small",
        title="A small network",
        form="class",
        points=POINTS,
        cases=CASES,
        method=Method("direct-subclass"),
        training=TRAINING,
        band=Band(lowest=0.5, mean=0.8, deviation=0.05, runs=40),
    )
    return dataclasses.replace(small, **changes)


def course(root: Path, *exercises: Exercise) -> Course:
    """Give a course of one assignment, with the data of the course at `root`."""
    solution = b"class Small: '''the reference'''\n"
    return Course(root, (Assignment("made_up", "Made up", "made_up", exercises or (exercise(),), solution),))


def row(path: str, shape: tuple[int, ...], role: str, layer: str, **changes: Any) -> TensorRow:
    """Give one row of a tensor table; parameters are trainable, the rest is not."""
    parameter = role in ("weight", "shift", "scale")
    owner = path.rpartition(".")[0]
    made = TensorRow(path, owner, layer, role, shape, shape, "float32", parameter, parameter, ())
    return dataclasses.replace(made, **changes)


def linear(path: str, inputs: int, outputs: int) -> tuple[TensorRow, ...]:
    """Give the rows of a Linear."""
    weight = row(f"{path}.weight", (outputs, inputs), "weight", "Linear")
    return weight, row(f"{path}.bias", (outputs,), "shift", "Linear")


def batch_norm(path: str, width: int) -> tuple[TensorRow, ...]:
    """Give the rows of a BatchNorm1d, buffers included."""
    roles = {"weight": "scale", "bias": "shift", "running_mean": "mean", "running_var": "variance"}
    rows = tuple(row(f"{path}.{name}", (width,), role, "BatchNorm1d") for name, role in roles.items())
    return (*rows, row(f"{path}.num_batches_tracked", (), "count", "BatchNorm1d", dtype="int64"))


def described(*rows: TensorRow, order: tuple[str, ...] = ("linear", "bn"), **changes: Any) -> Described:
    """Give a description that holds these tensors, with a module for each owner."""
    owners = {r.owner: r.layer for r in rows if r.owner}
    modules = [ModuleRow("", "Small", ("made_up.Small", MODULE), True)]
    modules += [ModuleRow(path, kind, (f"torch.nn.{kind}", MODULE), True) for path, kind in owners.items()]
    made = Described(tuple(modules), rows, (), order, True, ())
    return dataclasses.replace(made, **changes)


def small(number: int = 0) -> tuple[TensorRow, ...]:
    """Give the tensors of the reference, built with the arguments of a case."""
    inputs, outputs = (int(size) for size in CASES[number].args)  # type: ignore[arg-type]  # this course has only ints
    return *linear("linear", inputs, outputs), *batch_norm("bn", outputs)


def passages(dims: tuple[int, ...], outputs: int) -> tuple[Passage, ...]:
    """Give the first calls of the reference's layers, on an input of that shape."""
    inside = Passed("Tensor", (dims[0], outputs))
    return Passage("linear", (Passed("Tensor", dims),), inside), Passage("bn", (inside,), inside)


def ran(dims: tuple[int, ...], outputs: int, mode: str) -> Answered:
    """Give the answer of one forward pass; in train mode with its backward pass."""
    random = np.random.default_rng([*dims, outputs, mode == "train"])
    train = mode == "train"
    arrays = {"output": random.standard_normal((dims[0], outputs)), "buffers": np.ones((3, DIGEST_WIDTH))}
    arrays["buffers"][:2] += random.random((2, DIGEST_WIDTH))
    if train:
        arrays["input_gradient"] = random.standard_normal(dims)
        arrays["gradients"] = 1 + random.random((4, DIGEST_WIDTH))
    record = Ran(
        output=records.OutputInfo("Tensor", (dims[0], outputs), "float64", "cpu"),
        dtype="float64",
        input_changed=False,
        has_input_gradient=train,
        gradient_of=PARAMETERS,
        missing=(),
        buffer_of=BUFFERS,
        buffers_changed=BUFFERS if train else (),
        stuck=(),
        repeats=True,
        backward_problem=None,
        double_problem=None,
    )
    return Answered(record, arrays)


def evidence(labels: np.ndarray = LABELS, printed: str = "") -> Evidence:
    """Give what a correct submission answers, and the reference too. `labels` are what its scores point at."""
    outcomes: dict[str, Outcome] = {
        "load": Answered(LOADED),
        "find": Answered(records.Found("class", ("made_up.Small", MODULE), "type", "made_up.py", 1, ())),
    }
    for number in range(len(CASES)):
        outcomes[f"build.{number}"] = Answered(records.Built(True, "Small", ("made_up.Small", MODULE), ()))
        outcomes[f"tables.{number}"] = Answered(described(*small(number), order=(), traced=False))
    for number, case in enumerate(CASES):
        outputs = int(case.args[1])  # type: ignore[arg-type]  # as above
        outcomes[f"trace.{number}"] = Answered(described(*small(number), passages=passages(case.inputs[0], outputs)))
        outcomes[f"train.{number}.0"] = ran(case.inputs[0], outputs, "train")
        for index, dims in enumerate(case.inputs):
            outcomes[f"eval.{number}.{index}"] = ran(dims, outputs, "eval")
    outcomes["dry"] = Answered(records.Dried(records.OutputInfo("Tensor", (4, 2), "float32", "meta"), False, None))
    arrays = {"losses": np.linspace(2.3, 1.1, TRAINING.steps), "scores": np.eye(10, dtype=np.float32)[labels]}
    # Not a number: no run is taken for the same as this one (see `trajectory`).
    first = {"losses": np.full(2, np.nan), "state": np.zeros(32, np.uint8), "scores": arrays["scores"]}
    outcomes["begin"] = Answered(records.Begun(2), first)
    outcomes["train"] = Answered(records.Trained(TRAINING.steps, 0.5), arrays)
    outcomes["adapted"] = Answered(records.Adapted(()))
    return Evidence(outcomes, printed)


def replaced(given: Evidence, **outcomes: Outcome | None) -> Evidence:
    """Give the evidence with other outcomes; None takes one away. In the names of probes ``_`` stands for a dot."""
    named = {name.replace("_", "."): outcome for name, outcome in outcomes.items()}
    kept = {probe: named.get(probe, outcome) for probe, outcome in given.outcomes.items()}
    return Evidence({probe: o for probe, o in (kept | named).items() if o is not None}, given.output)


def changed(given: Evidence, probe: str, arrays: Mapping[str, np.ndarray | None] | None = None, **fields: Any) -> Any:
    """Give the evidence with other fields of one record, and other arrays; an array that is None is taken away."""
    outcome = given.outcomes[probe]
    assert isinstance(outcome, Answered)
    kept = {name: array for name, array in {**outcome.arrays, **(arrays or {})}.items() if array is not None}
    other = Answered(dataclasses.replace(outcome.record, **fields), kept)
    return Evidence({**given.outcomes, probe: other}, given.output)


def question(student: Evidence, **changes: Any) -> Question:
    """Ask about the student's evidence beside the reference's."""
    asked = Question(exercise(), student, evidence(), frozenset(), "cpu", LABELS)
    return dataclasses.replace(asked, **changes)


def problem(kind: str = "RuntimeError", message: str = "it broke", frames: int = 1) -> Problem:
    """Give an exception that left the student's code through `frames` of its functions."""
    trace = tuple(records.Frame("made_up.py", 10 + n, f"step_{n}", f"call_{n}()") for n in range(frames))
    return Problem(kind, message, trace, None)


def script(played: Evidence, asked: Exercise | None = None) -> Script:
    """Make the script of a worker that answers every question as the evidence says."""
    cases = (asked or exercise()).cases

    def reply(op: str, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Any:
        if op == "forms":
            return answer(records.Forms(()))
        outcome = played.outcomes[_probe(cases, op, params, arrays)]
        return answer(outcome.record, **outcome.arrays) if isinstance(outcome, Answered) else outcome

    return reply


def _probe(cases: tuple[Case, ...], op: str, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """Tell from a question which probe of the plan it is."""
    if op == "run":
        number = int(params["subject"])
        return f"{params['mode']}.{number}.{cases[number].inputs.index(arrays['x'].shape)}"
    if op == "tables":
        return f"{'trace' if arrays else 'tables'}.{params['subject']}"
    return f"build.{params['subject']}" if op == "build" else op


GOOD = evidence()
