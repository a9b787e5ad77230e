"""The build method: every rule passes what it asks for, and fails every other way of building the same network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_up import GOOD, MODULE, batch_norm, changed, described, exercise, linear, question, replaced

from grader.checks import method
from grader.course import Method
from grader.evidence import Answered, Evidence
from grader.model import Finding, Verdict
from grader.wire.records import Built, Described, HiddenRow, ModuleRow

CONTAINERS = "torch.nn.modules.container."
SEQUENTIAL = (CONTAINERS + "Sequential", MODULE)
NAMES = ("flatten", "linear", "bn")


def held_in(container: str, *inside: str, outside: tuple[str, ...] = (), **more: object) -> Described:
    """Describe a model that holds one Linear for each name, in a container called ``box`` or beside it."""
    rows = [row for name in inside for row in linear(f"box.{name}", 3, 2)]
    rows += [row for name in outside for row in linear(name, 3, 2)]
    made = described(*rows)
    box = (ModuleRow("box", container, (CONTAINERS + container, MODULE), True),) if container else ()
    return replace(made, modules=(*made.modules, *box), **more)


def built(*construction: str, bases: tuple[str, ...] = SEQUENTIAL) -> Built:
    """Say how an object came about."""
    return Built(True, bases[0].rpartition(".")[2], bases, construction)


def judge(rule: str, student: Evidence, names: tuple[str, ...] = ()) -> Finding:
    """Judge a student's evidence by one rule."""
    return method.judge(question(student, exercise=exercise(method=Method(rule, names))))


def sequential(
    rule: str, *construction: str, names: tuple[str, ...] = (), bases: tuple[str, ...] = SEQUENTIAL
) -> Finding:
    """Judge a Sequential of three layers that was filled in some way."""
    modules = tuple(ModuleRow(path, "x", ("x", MODULE), True) for path in ("", *NAMES, "bn.inner"))
    student = replaced(
        GOOD, build_0=Answered(built(*construction, bases=bases)), trace_0=Answered(described(modules=modules))
    )
    return judge(rule, student, names)


def contained(rule: str, table: Described, missing: tuple[str, ...] = ()) -> Finding:
    """Judge a model by where it holds its layers; `missing` are parameters that no gradient reaches."""
    paths = tuple(row.path for row in table.tensors if row.parameter)
    student = changed(replaced(GOOD, trace_0=Answered(table)), "train.0.0", gradient_of=paths, missing=missing)
    return judge(rule, student)


@pytest.mark.parametrize(
    ("rule", "construction"),
    [
        ("sequential-args", ["args"]),
        ("sequential-ordered-dict", ["ordered_dict"]),
        ("sequential-add-module", ["empty", "add_module", "add_module"]),
        ("sequential-add-module", ["add_module"]),
    ],
)
def test_a_sequential_built_as_asked_passes(rule: str, construction: list[str]) -> None:
    """Each way of filling a Sequential should pass its own rule."""
    assert sequential(rule, *construction).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("rule", "construction", "got"),
    [
        ("sequential-args", ["ordered_dict"], "an OrderedDict"),
        ("sequential-args", ["args", "add_module"], "positional arguments and calls of add_module"),
        ("sequential-args", ["empty", "add_module"], "an empty nn.Sequential() and calls of add_module"),
        ("sequential-args", [], "another way"),
        ("sequential-ordered-dict", ["args"], "positional arguments"),
        ("sequential-ordered-dict", ["ordered_dict", "add_module"], "an OrderedDict and calls of add_module"),
        ("sequential-add-module", ["args"], "positional arguments"),
        ("sequential-add-module", ["args", "add_module"], "positional arguments and calls of add_module"),
        ("sequential-add-module", ["empty"], "an empty nn.Sequential()"),
    ],
)
def test_a_sequential_built_otherwise_fails(rule: str, construction: list[str], got: str) -> None:
    """Every other way should fail, and be named beside the one that was asked for."""
    found = sequential(rule, *construction)
    assert (found.verdict, found.got) == (Verdict.FAILED, got)
    assert found.expected


@pytest.mark.parametrize("rule", ["sequential-args", "sequential-add-module", "sequential-ordered-dict"])
def test_what_is_no_sequential_fails(rule: str) -> None:
    """A module that is not an nn.Sequential should fail, whatever it was built from."""
    found = sequential(rule, "args", bases=("made_up.Net", MODULE))
    assert (found.verdict, found.expected, found.got) == (Verdict.FAILED, "nn.Sequential", "Net")


def test_a_class_of_ones_own_may_derive_from_sequential() -> None:
    """A subclass of nn.Sequential should count as one."""
    assert sequential("sequential-args", "args", bases=("made_up.Net", *SEQUENTIAL)).verdict is Verdict.PASSED


@pytest.mark.parametrize("names", [("flatten", "bn", "linear"), ("flatten", "linear"), ("0", "1", "2")])
def test_other_names_or_another_order_fail(names: tuple[str, ...]) -> None:
    """Where names are fixed, others, fewer, or another order should fail; inner modules have no say."""
    assert sequential("sequential-add-module", "add_module", names=NAMES).verdict is Verdict.PASSED
    found = sequential("sequential-add-module", "add_module", names=names)
    assert (found.verdict, found.expected, found.got) == (Verdict.FAILED, ", ".join(names), ", ".join(NAMES))


def test_a_direct_subclass_passes() -> None:
    """A class that derives from nn.Module alone should pass."""
    assert judge("direct-subclass", GOOD).verdict is Verdict.PASSED


@pytest.mark.parametrize("container", ["Sequential", "ModuleList", "ModuleDict"])
def test_a_subclass_of_a_container_is_no_direct_one(container: str) -> None:
    """A class that derives from a container should fail and be told from which."""
    student = changed(GOOD, "build.0", bases=("made_up.Small", CONTAINERS + container, MODULE))
    found = judge("direct-subclass", student)
    assert (found.verdict, found.got) == (Verdict.FAILED, f"class …(nn.{container})")


def test_a_function_is_no_class() -> None:
    """A function that gives the right module should fail where a class is the exercise."""
    found = judge("direct-subclass", changed(GOOD, "find", kind="function", bases=()))
    assert (found.verdict, found.got) == (Verdict.FAILED, "a function")


@pytest.mark.parametrize(("rule", "container"), [("module-list", "ModuleList"), ("module-dict", "ModuleDict")])
def test_layers_in_the_container_pass(rule: str, container: str) -> None:
    """Most layers in the container should pass, one beside it notwithstanding, at any depth."""
    assert contained(rule, held_in(container, "a", "b")).verdict is Verdict.PASSED
    found = contained(rule, held_in(container, "a", "b.inner", outside=("out",)))
    assert (found.verdict, found.rationale) == (
        Verdict.PASSED,
        f"2 layers with parameters live in an nn.{container}.",
    )


@pytest.mark.parametrize(
    ("table", "got"),
    [
        (held_in("", outside=("a", "b")), "no nn.ModuleList"),
        (held_in("ModuleDict", "a", "b"), "no nn.ModuleList"),
        (held_in("ModuleList", outside=("a", "b")), "an empty nn.ModuleList"),
        (held_in("ModuleList", "a", outside=("b", "c")), "outside: `b`, `c`"),
        (held_in("ModuleList", "a", outside=("b",)), "outside: `b`"),
    ],
)
def test_layers_outside_the_container_fail(table: Described, got: str) -> None:
    """No container, another, an empty one, or one with the smaller part of the layers should fail and be named."""
    found = contained("module-list", table)
    assert (found.verdict, found.got) == (Verdict.FAILED, got)


def test_a_neighbour_with_a_similar_name_is_not_inside() -> None:
    """A module called ``boxes`` should not count as held by the container called ``box``."""
    table = held_in("ModuleList", outside=("boxes.a", "box2"))
    assert contained("module-list", table).got == "an empty nn.ModuleList"


def test_a_plain_list_is_hinted_at() -> None:
    """A plain list in place of the ModuleList should be named."""
    table = held_in("", outside=("out",), hidden=(HiddenRow("layers", "list", 30),))
    assert (
        contained("module-list", table).hint == "`layers` is a plain list: the module does not know what is inside it."
    )


def test_layers_in_the_container_must_do_work() -> None:
    """Layers that lie in the container while others do the work should not count."""
    table = held_in("ModuleList", "a", "b", outside=("c",))
    inside = tuple(row.path for row in table.tensors if row.path.startswith("box."))
    assert contained("module-list", table, inside[:2]).verdict is Verdict.PASSED
    found = contained("module-list", table, inside)
    assert found.verdict is Verdict.FAILED
    assert "`box.a.weight`" in found.got


@pytest.mark.parametrize(("boxes", "verdict"), [(1, Verdict.FAILED), (2, Verdict.PASSED), (3, Verdict.PASSED)])
def test_at_least_two_sequentials_hold_layers(boxes: int, verdict: Verdict) -> None:
    """Two nn.Sequential that hold layers should do; empty ones and the model itself should not count."""
    rows = [row for n in range(boxes) for row in (*linear(f"box{n}.0", 3, 2), *batch_norm(f"box{n}.1", 2))]
    table = described(*rows)
    made = tuple(ModuleRow(path, "Sequential", SEQUENTIAL, True) for path in ("", "empty", "box0", "box1", "box2"))
    found = contained("sequential-containers", replace(table, modules=(*table.modules, *made)))
    assert found.verdict is verdict
    assert str(boxes) in (found.rationale if verdict is Verdict.PASSED else found.got)


def test_what_cannot_be_described_fails() -> None:
    """Without any description of the model there should be no pass."""
    found = method.judge(question(replaced(GOOD, trace_0=None, tables_0=None)))
    assert found.verdict is Verdict.FAILED
