"""Whatever a worker answers is read, refused by name, or judged: nothing breaks, hangs, or becomes our mistake.

Frames are damaged knowing what is in them: JSON as a tree, the tensor table as a table, numbers as numbers. A long run
of the same kind, with real answers, is `make fuzz`.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import time
from typing import Any

import made_up
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader import checks, exhibits
from grader import evidence as ev
from grader.checks import figure
from grader.checks.aspects import ASPECTS, CALLS
from grader.checks.question import Question
from grader.evidence import Answered, Evidence
from grader.model import Verdict
from grader.sandbox.channel import Answer
from grader.sandbox.fake import answer
from grader.sandbox.limits import Death
from grader.submission import Submission
from grader.wire import frames, strict
from grader.wire.arrays import SCENES
from grader.wire.frames import FrameError
from grader.wire.records import DIGEST_WIDTH, Adapted, Built, Fact, HiddenRow, ModuleRow, Observed, Problem

FEW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
OPS = {"trace": "tables", "train.0.0": "run", "train.1.0": "run", "eval": "run", "dry": "dry", "train": "train"}
PROBES = [probe for probe in made_up.GOOD.outcomes if isinstance(made_up.GOOD.outcomes[probe], Answered)]
WORDS = [
    "",
    "Tensor",
    "float64",
    "float32",
    "int64",
    "weight",
    "shift",
    "count",
    "linear",
    "class",
    "absent",
    "add_module",
]
TEXT = st.sampled_from(WORDS) | st.text(max_size=8) | st.just("\ud800x") | st.just("x" * 5_000)
INTEGERS = st.integers(-2, 5) | st.sampled_from([(1 << 63) - 1, 1 << 63, -(1 << 63), 10**400])
SCALARS = st.none() | st.booleans() | INTEGERS | TEXT | st.floats(allow_nan=False, allow_infinity=False)
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))
NUMBERS = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, 1e16])


def op_of(probe: str) -> str:
    """The operation that a probe of the made-up course asks for."""
    return OPS.get(probe) or OPS.get(probe.partition(".")[0]) or probe.partition(".")[0]


def params_of(probe: str) -> dict[str, Any]:
    """The parameters of a question that its answer is checked by."""
    return {"backward": probe.startswith("train."), "scene": "training-step"}


def spots(data: Any) -> list[tuple[Any, Any]]:
    """Every container of decoded JSON, with every key or index in it."""
    found, front = [], [data]
    while front:
        here = front.pop()
        for key, value in list(here.items() if isinstance(here, dict) else enumerate(here)):
            found.append((here, key))
            if isinstance(value, dict | list):
                front.append(value)
    return found


def like(value: Any) -> st.SearchStrategy[Any]:
    """Other values of the same type, so that the record may still be taken."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, list):
        return st.just(value[:-1]) | st.just(value * 2) | st.just([])
    same = {int: INTEGERS, float: st.floats(0, 1e300), str: TEXT}
    return same.get(type(value), ANYTHING)


def damage(tree: Any, data: st.DataObject, alike: bool) -> Any:
    """Change one or two places of decoded JSON: each for a like value, or for anything at all."""
    tree = copy.deepcopy(tree)
    for _ in range(data.draw(st.integers(1, 2))):
        places = spots(tree)
        if not places:
            break
        here, key = data.draw(st.sampled_from(places))
        turn = 0 if alike else data.draw(st.integers(0, 2))
        if turn == 0:
            here[key] = data.draw(like(here[key]) if alike else ANYTHING)
        elif turn == 1:
            del here[key]
        elif isinstance(here, dict):
            here[data.draw(TEXT)] = here[key]
    return tree


def parts(data: bytes) -> tuple[Any, Any, bytes]:
    """A valid frame's header, tensor table and numbers."""
    header, _ = frames.LENGTHS.unpack_from(data)
    tensors = data[8 + header :]
    size = int.from_bytes(tensors[:8], "little")
    return json.loads(data[8 : 8 + header]), json.loads(tensors[8 : 8 + size] or b"null"), tensors[8 + size :]


def joined(header: Any, table: Any, numbers: bytes) -> bytes:
    """A frame of these parts, with the right lengths."""
    text, rows = json.dumps(header).encode(), json.dumps(table).encode()
    tensors = b"" if table is None else len(rows).to_bytes(8, "little") + rows + numbers
    return frames.LENGTHS.pack(len(text), len(tensors)) + text + tensors


def frame_of(probe: str) -> bytes:
    """The frame with the honest answer to a probe."""
    found: Any = made_up.GOOD.outcomes[probe]
    return frames.encode({"id": 1, "answer": dataclasses.asdict(found.record)}, found.arrays)


def outcome_of(probe: str, data: bytes, pieces: int = 1) -> Any:
    """Read bytes as the grader does; an outcome, None for bytes that are incomplete, or a `FrameError`."""
    reader, size = frames.Reader(1 << 20), len(data) // pieces + 1
    found = [reader.feed(data[place : place + size]) for place in range(0, len(data), size)][-1]
    if found is None or "answer" not in found.header:
        return None
    return ev.validate(op_of(probe), Answer(found.header["answer"], found.arrays), params_of(probe))


@FEW
@given(st.sampled_from(PROBES), st.booleans(), st.data())
def test_damaged_answers_are_taken_or_refused(probe: str, table: bool, data: st.DataObject) -> None:
    """An answer with another header or another tensor table should be evidence, a death with words, or refused."""
    header, rows, numbers = parts(frame_of(probe))
    if table and rows:
        rows = damage(rows, data, alike=False)
    else:
        header = damage(header, data, alike=False)
    try:
        outcome = outcome_of(probe, joined(header, rows, numbers), data.draw(st.integers(1, 40)))
    except FrameError:
        return
    assert outcome is None or isinstance(outcome, Answered) or (isinstance(outcome, Death) and outcome.detail)


@FEW
@given(st.sampled_from(PROBES), st.data())
def test_frames_with_any_bytes_in_them_are_taken_or_refused(probe: str, data: st.DataObject) -> None:
    """A frame with bytes changed, cut out or put in anywhere should break nothing."""
    raw = bytearray(frame_of(probe))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw)))
        raw[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    try:
        outcome = outcome_of(probe, bytes(raw) or b"x")
    except FrameError:
        return
    assert outcome is None or isinstance(outcome, Answered | Death)


def damaged_answer(probe: str, found: Answered, params: dict[str, Any], data: st.DataObject) -> Any:
    """An answer with like values in other places, other numbers, and arrays gone: well-formed, and wrong."""
    body = json.loads(json.dumps(dataclasses.asdict(found.record)))
    if data.draw(st.booleans()):
        body = damage(body, data, alike=True)
    arrays = {name: array.copy() for name, array in found.arrays.items()}
    for name in data.draw(
        st.lists(st.sampled_from(sorted(arrays)), max_size=2, unique=True) if arrays else st.just([])
    ):
        turn = data.draw(st.integers(0, 3))
        if turn == 0 and arrays[name].size and arrays[name].dtype.kind == "f":
            with np.errstate(over="ignore"):
                arrays[name].flat[data.draw(st.integers(0, arrays[name].size - 1))] = data.draw(NUMBERS)
        elif turn == 1:
            arrays[name] = np.resize(arrays[name], data.draw(st.lists(st.integers(0, 3), max_size=4)))
        elif turn == 2:
            with np.errstate(over="ignore"):
                arrays[name][...] = 0 if arrays[name].dtype.kind != "f" else data.draw(NUMBERS)
        else:
            del arrays[name]
    return ev.validate(op_of(probe), Answer(body, arrays), params)


def judged(question: Question) -> None:
    """Judge and show: no verdict may be an error of ours."""
    findings = checks.run(question)
    broken = {check: found.got for check, found in findings.items() if found.verdict is Verdict.ERROR}
    assert broken == {}
    exhibits.collect(question, findings, (), Submission("x", {}), "x.py")


@FEW
@given(st.data())
def test_no_answer_makes_a_check_break(data: st.DataObject) -> None:
    """Whatever passes for answers should be judged without an error of ours: a worker can say anything."""
    bases = ("made_up.Small", "torch.nn.modules.container.Sequential", made_up.MODULE)
    built = Answered(Built(True, "Small", bases, ("empty", "add_module")))
    outcomes = {**made_up.GOOD.outcomes, "build.0": built}
    for probe in data.draw(st.lists(st.sampled_from(PROBES), min_size=1, max_size=3)):
        found: Any = outcomes[probe]
        if not isinstance(found, Answered):
            continue
        outcomes[probe] = damaged_answer(probe, found, params_of(probe), data)
    method = data.draw(st.sampled_from(sorted(checks.method.RULES)))
    exercise = made_up.exercise(method=dataclasses.replace(made_up.exercise().method, rule=method))
    judged(made_up.question(Evidence(outcomes), exercise=exercise))


def scene_evidence(scene: str) -> Evidence:
    """What the reference might answer in a scene: made up, but right as far as its judges can tell."""
    arrays = {name: np.arange(4.0) for name in SCENES[scene]}
    known = {"modes": np.ones(5), "picture": np.zeros((4, 4, 3), np.uint8)}
    known |= {f"train order {n}": np.roll(np.arange(23.0), n) for n in (1, 2)}
    known |= {f"test order {n}": np.arange(11.0) for n in (1, 2)}
    known |= {f"train batches {n}": np.array([4.0] * 5 + [3]) for n in (1, 2)}
    known |= {f"test batches {n}": np.array([4.0, 4, 3]) for n in (1, 2)}
    known |= {"line 0": figure.LOSS, "line 1": figure.ACCURACY, "x": np.ones((10, 6))}
    for share in (0.2, 0.5, 0.8):
        masks = np.stack([np.roll(np.arange(60) % 2, n % 2).reshape(10, 6) for n in range(4)])
        passes = np.where(masks, 1 / (1 - share), 0)
        known |= {f"train {share}": passes, f"gradient {share}": passes[0], f"eval {share}": known["x"]}
    arrays |= {name: array for name, array in known.items() if name in arrays}
    names = [a.name for aspects in ASPECTS.get(scene, {}).values() for a in aspects if a.name not in arrays]
    facts = dict.fromkeys((*names, "train pairs", "test pairs", "x labels", "y labels", "explained"), "True")
    facts |= {"train type": "DataLoader", "test type": "DataLoader", "shown": "False"}
    seen = Observed(tuple(Fact(name, value) for name, value in facts.items()), None)
    return Evidence({**made_up.GOOD.outcomes, "scene": Answered(seen, arrays)})


@pytest.mark.parametrize("scene", sorted(CALLS))
@settings(FEW, max_examples=20)
@given(st.data())
def test_no_scene_makes_a_check_break(scene: str, data: st.DataObject) -> None:
    """Whatever a scene is said to have shown should be judged without an error of ours."""
    reference = scene_evidence(scene)
    found: Any = reference.outcomes["scene"]
    outcome = damaged_answer("observe", found, {"scene": scene}, data)
    points = dict.fromkeys(("defined", "modes", "gradients", "device", "behaviour"), 1.0)
    exercise = made_up.exercise(scene=scene, points=points)
    student = Evidence({**reference.outcomes, "scene": outcome})
    judged(made_up.question(student, exercise=exercise, reference=reference))


def crowded(distinct: bool) -> Evidence:
    """The largest model that is taken in: a thousand tensors, each in a layer of its own, and nothing learns."""
    count = strict.LIST_CAP
    rows = tuple(made_up.row(f"l{n}.w", (n + 1 if distinct else 1, 2), "weight", "Odd") for n in range(count))
    modules = tuple(ModuleRow(f"l{n}", "ModuleList", (f"torch.nn.modules.container.{n}",), True) for n in range(count))
    hidden = tuple(HiddenRow(f"h{n}", "list", 1) for n in range(count))
    paths = tuple(row.path for row in rows)
    table = dataclasses.replace(
        made_up.described(*made_up.small()), tensors=rows, modules=modules, hidden=hidden, order=paths, uninitialised=()
    )
    outcomes = dict(made_up.GOOD.outcomes)
    for probe, found in made_up.GOOD.outcomes.items():
        if probe.startswith(("tables", "trace")):
            outcomes[probe] = Answered(table)
        if op_of(probe) == "run" and isinstance(found, Answered):
            record = dataclasses.replace(found.record, gradient_of=paths, missing=paths[::2], stuck=paths[::3])
            arrays = dict(found.arrays)
            if "gradients" in arrays:
                arrays["gradients"] = np.ones((count, DIGEST_WIDTH))
            outcomes[probe] = Answered(record, arrays)
    return Evidence(outcomes)


@pytest.mark.parametrize("distinct", [True, False])
@pytest.mark.parametrize("rule", sorted(checks.method.RULES))
def test_the_largest_answers_are_judged_in_no_time(distinct: bool, rule: str) -> None:
    """A thousand made-up layers should cost the checks a fraction of a second, not a second for each of them."""
    exercise = made_up.exercise(method=dataclasses.replace(made_up.exercise().method, rule=rule))
    question = made_up.question(crowded(distinct), exercise=exercise)
    started = time.process_time()
    judged(question)
    checks.gradients.mismatched(question.student, question.reference, 0, 1e-6)
    assert time.process_time() - started < 1.0


WORST: dict[str, bytes] = {
    "zeros": b'{"id":1,"answer":[' + b",".join([b"0"] * 131_000) + b"]}",
    "floats": b'{"id":1,"answer":[' + b",".join([b"1e1"] * 65_000) + b"]}",
    "texts": b'{"id":1,"answer":[' + b",".join([b'"\\u00e9"'] * 29_000) + b"]}",
    "keys": b'{"id":1,"answer":{' + b",".join(b'"%x":0' % n for n in range(27_000)) + b"}}",
    "brackets": b'{"id":1,"answer":' + b"[" * 130_000 + b"]" * 130_000 + b"}",
    "nested": b'{"id":1,"answer":' + b"[" * 9_000 + b"]" * 9_000 + b"}",
    "objects": b'{"id":1,"answer":[' + b",".join([b'{"a":0,"b":1,"c":2}'] * 9_900) + b"]}",
    "digits": b'{"id":1,"answer":[' + b",".join([b"9" * 4_000] * 65) + b"]}",
    "notes": frames.encode({"id": 1, "answer": dataclasses.asdict(Adapted(tuple(Fact("", "") for _ in range(1_000))))}),
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_headers_cost_little(name: str) -> None:
    """Headers as long as allowed, full of what costs most, should be dealt with in some hundredths of a second."""
    text = WORST[name] if name != "notes" else WORST[name][8:]
    assert len(text) <= frames.ANSWER.header
    times = []
    for _ in range(3):
        started = time.process_time()
        reader = frames.Reader(0)
        try:
            frame = reader.feed(frames.LENGTHS.pack(len(text), 0) + text)
        except FrameError:
            frame = None
        if frame is not None:
            ev.validate("adapted", Answer(frame.header["answer"], frame.arrays))
        times.append(time.process_time() - started)
    assert min(times) < 0.25  # a tenth of it on an idle machine


def test_a_problem_is_no_larger_than_an_answer() -> None:
    """An exception with endless frames should be refused, and its texts be cut."""
    frame = {"file": "f" * 9_000, "line": 1, "function": "g", "text": "t"}
    problem = {"type": "E", "message": "m" * 9_000, "frames": [frame], "column": None, "unused_bytes": None}
    read = strict.read(Problem, problem)
    assert (len(read.message), len(read.frames[0].file)) == (strict.TEXT_CAP, strict.TEXT_CAP)
    with pytest.raises(FrameError, match="at most 1000"):
        strict.read(Problem, {**problem, "frames": [frame] * 1_001})


def test_answers_made_by_the_fake_are_read_like_real_ones() -> None:
    """What the tests above damage should be taken as it is when nothing is damaged."""
    for probe in PROBES:
        found: Any = made_up.GOOD.outcomes[probe]
        assert isinstance(ev.validate(op_of(probe), answer(found.record, **found.arrays), params_of(probe)), Answered)
        assert isinstance(outcome_of(probe, frame_of(probe), 7), Answered)
