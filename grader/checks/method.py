"""``method``: the model is built the way that the exercise is about, whatever it computes.

Rules are named in the rubric. What a class says of itself can be made up by who writes the class, so this check is
advisory by nature: it costs its own points and no others.
"""

from __future__ import annotations

from collections.abc import Callable

from grader.checks import words
from grader.checks.question import Question
from grader.model import Finding
from grader.wire.records import Built, Described, Found, ModuleRow, Ran

_MODULE = "torch.nn.modules.module.Module"
_CONTAINERS = "torch.nn.modules.container."


def judge(question: Question) -> Finding:
    """Apply the rule that the rubric names."""
    method = question.exercise.method
    built = question.student.get("build.0", Built)
    described = question.student.get("trace.0", Described) or question.student.get("tables.0", Described)
    if method is None or built is None or described is None:
        return words.failed("The model could not be described.")
    return RULES[method.rule](question, built, described)


def _direct_subclass(question: Question, built: Built, _: Described) -> Finding:
    found = question.student.get("find", Found)
    if found is None or found.kind != "class":
        return words.failed(
            f"`{question.exercise.name}` is not a class.", expected="class …(nn.Module)", got="a function"
        )
    container = next((base for base in built.bases if base.startswith(_CONTAINERS)), None)
    if container is None:
        return words.passed("A subclass of nn.Module with a forward of its own.")
    return words.failed(
        f"`{question.exercise.name}` derives from a container, so its layers are built by another method.",
        expected="class …(nn.Module)",
        got=f"class …(nn.{container.removeprefix(_CONTAINERS)})",
    )


def _sequential(question: Question, built: Built, described: Described) -> Finding | None:
    """What all three functions share: the result is an nn.Sequential, with the names that the exercise fixes."""
    if _CONTAINERS + "Sequential" not in built.bases:
        return words.failed("The result is not an nn.Sequential.", expected="nn.Sequential", got=built.type)
    wanted = question.exercise.method.names if question.exercise.method else ()
    names = tuple(row.path for row in described.modules if row.path and "." not in row.path)
    if wanted and names != wanted:
        expected, got = ", ".join(wanted), ", ".join(names)
        return words.failed("The layers do not have the names asked for, in that order.", expected=expected, got=got)
    return None


def _built_by(wanted: str, expected: str) -> Callable[[Question, Built, Described], Finding]:
    def rule(question: Question, built: Built, described: Described) -> Finding:
        wrong = _sequential(question, built, described)
        if wrong:
            return wrong
        ways = {"empty": "an empty nn.Sequential()"} | {
            way: _WAYS[way] for way in ("args", "ordered_dict", "add_module")
        }
        used = list(dict.fromkeys(built.construction))
        ok = used in (["empty", "add_module"], ["add_module"]) if wanted == "add_module" else used == [wanted]
        if ok:
            return words.passed(f"Built from {_WAYS[wanted]}.")
        got = " and ".join(ways.get(way, "another way") for way in used) or "another way"
        return words.failed("The nn.Sequential is filled in another way than asked.", expected=expected, got=got)

    return rule


_WAYS = {"args": "positional arguments", "ordered_dict": "an OrderedDict", "add_module": "calls of add_module"}


def _containers(question: Question, _: Built, described: Described) -> Finding:
    used = [row for row in described.modules if row.path and _is(row, "Sequential") and _holds_tensors(row, described)]
    if len(used) >= 2:
        return words.passed(f"{words.plural(len(used), 'nn.Sequential container')} hold layers.")
    return words.failed(
        "The layers are not packed into nn.Sequential containers.",
        expected="at least two nn.Sequential that hold layers",
        got=f"{len(used)}",
    )


def _layers_in(container: str) -> Callable[[Question, Built, Described], Finding]:
    def rule(question: Question, _: Built, described: Described) -> Finding:
        inside = tuple(row.path + "." for row in described.modules if _is(row, container))
        owners = list(dict.fromkeys(tensor.owner for tensor in described.tensors if tensor.parameter))
        held = [owner for owner in owners if owner.startswith(inside)] if inside else []
        if not held:
            got = f"an empty nn.{container}" if inside else f"no nn.{container}"
            return words.failed(
                f"The layers are not held in an nn.{container}.",
                expected=f"an nn.{container} that holds the layers",
                got=got,
                hint=_plain_hint(described),
            )
        idle = _idle(question, tuple(path + "." for path in held))
        if idle:
            return words.failed(
                f"The layers in the nn.{container} are registered, but do no work.",
                expected=f"forward uses the layers of the nn.{container}",
                got=f"no gradient reaches {words.listed(idle)}",
            )
        if len(held) * 2 <= len(owners):
            outside = [owner or "the model itself" for owner in owners if owner not in held]
            return words.failed(
                f"Most layers are kept outside the nn.{container}.",
                expected=f"the layers in an nn.{container}",
                got=f"outside: {words.listed(outside)}",
            )
        return words.passed(f"{words.plural(len(held), 'layer')} with parameters live in an nn.{container}.")

    return rule


def _idle(question: Question, owners: tuple[str, ...]) -> list[str]:
    """Owners all of whose parameters stay without a gradient, when all of them are such."""
    ran = question.student.get("train.0.0", Ran)
    if ran is None or ran.backward_problem is not None:
        return []
    inside = [path for path in ran.gradient_of if path.startswith(owners)]
    return [path for path in inside if path in ran.missing] if set(inside) <= set(ran.missing) else []


def _plain_hint(described: Described) -> str:
    for row in described.hidden:
        if row.container in ("list", "dict", "tuple"):
            return f"`{row.path}` is a plain {row.container}: the module does not know what is inside it."
    return ""


def _is(row: ModuleRow, container: str) -> bool:
    return _CONTAINERS + container in row.bases


def _holds_tensors(row: ModuleRow, described: Described) -> bool:
    return any(t.parameter and t.path.startswith(row.path + ".") for t in described.tensors)


def _functional(question: Question, _: Built, described: Described) -> Finding:
    # A ready-made layer that only holds the parameters, and is never called, does no harm.
    ready = {row.path for row in described.modules if row.bases and row.bases[0].startswith("torch.nn.modules.")}
    layers = [path for path in described.order if path in ready]
    if not layers:
        return words.passed("The module applies its own parameters.")
    return words.failed(
        "The computation is left to a ready-made layer.",
        expected="parameters of its own, applied with torch.nn.functional",
        got=f"a layer of torch.nn: {words.listed(layers)}",
    )


RULES: dict[str, Callable[[Question, Built, Described], Finding]] = {
    "direct-subclass": _direct_subclass,
    "sequential-args": _built_by("args", "nn.Sequential(layer, layer, …)"),
    "sequential-add-module": _built_by("add_module", "nn.Sequential() and add_module(name, layer)"),
    "sequential-ordered-dict": _built_by("ordered_dict", "nn.Sequential(OrderedDict(…))"),
    "sequential-containers": _containers,
    "module-list": _layers_in("ModuleList"),
    "module-dict": _layers_in("ModuleDict"),
    "functional": _functional,
}
