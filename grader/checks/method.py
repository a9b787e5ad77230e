"""``method``: the model is built the way that the exercise is about, whatever it computes.

Rules are named in the rubric. What a class says of itself can be made up by who writes the class, so this check is
advisory by nature: it costs its own points and no others.
"""

from __future__ import annotations

from collections.abc import Callable

from grader.checks import words
from grader.checks.question import Question
from grader.language import N_, _, pgettext
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
        return words.failed(_("The model could not be described."))
    return RULES[method.rule](question, built, described)


def _direct_subclass(question: Question, built: Built, _described: Described) -> Finding:
    found = question.student.get("find", Found)
    if found is None or found.kind != "class":
        return words.failed(
            _("`{name}` is not a class.").format(name=question.exercise.name),
            expected="class …(nn.Module)",
            got=_("a function"),
        )
    container = next((base for base in built.bases if base.startswith(_CONTAINERS)), None)
    if container is None:
        return words.passed(_("A subclass of nn.Module with a forward of its own."))
    return words.failed(
        _("`{name}` derives from a container, so its layers are built by another method.").format(
            name=question.exercise.name
        ),
        expected="class …(nn.Module)",
        got=f"class …(nn.{container.removeprefix(_CONTAINERS)})",
    )


def _sequential(question: Question, built: Built, described: Described) -> Finding | None:
    """What all three functions share: the result is an nn.Sequential, with the names that the exercise fixes."""
    if _CONTAINERS + "Sequential" not in built.bases:
        return words.failed(_("The result is not an nn.Sequential."), expected="nn.Sequential", got=built.type)
    wanted = question.exercise.method.names if question.exercise.method else ()
    names = tuple(row.path for row in described.modules if row.path and "." not in row.path)
    if wanted and names != wanted:
        expected, got = ", ".join(wanted), ", ".join(names)
        return words.failed(_("The layers do not have the names asked for, in that order."), expected=expected, got=got)
    return None


def _built_by(wanted: str, expected: str) -> Callable[[Question, Built, Described], Finding]:
    def rule(question: Question, built: Built, described: Described) -> Finding:
        wrong = _sequential(question, built, described)
        if wrong:
            return wrong
        used = list(dict.fromkeys(built.construction))
        ok = used in (["empty", "add_module"], ["add_module"]) if wanted == "add_module" else used == [wanted]
        if ok:
            return words.passed(_("Built from {way}.").format(way=_(_WAYS[wanted])))
        other = _("another way")
        got = pgettext("between names", " and ").join(_(_WAYS[way]) if way in _WAYS else other for way in used) or other
        return words.failed(_("The nn.Sequential is filled in another way than asked."), expected=_(expected), got=got)

    return rule


_WAYS = {
    "empty": N_("an empty nn.Sequential()"),
    "args": N_("positional arguments"),
    "ordered_dict": N_("an OrderedDict"),
    "add_module": N_("calls of add_module"),
}


def _containers(question: Question, _built: Built, described: Described) -> Finding:
    used = [row for row in described.modules if row.path and _is(row, "Sequential") and _holds_tensors(row, described)]
    if len(used) >= 2:
        return words.passed(
            _("{containers} hold layers.").format(containers=words.plural(len(used), N_("nn.Sequential container")))
        )
    return words.failed(
        _("The layers are not packed into nn.Sequential containers."),
        expected=_("at least two nn.Sequential that hold layers"),
        got=f"{len(used)}",
    )


def _layers_in(container: str) -> Callable[[Question, Built, Described], Finding]:
    def rule(question: Question, _built: Built, described: Described) -> Finding:
        inside = tuple(row.path + "." for row in described.modules if _is(row, container))
        owners = list(dict.fromkeys(tensor.owner for tensor in described.tensors if tensor.parameter))
        held = [owner for owner in owners if owner.startswith(inside)] if inside else []
        if not held:
            got = _("an empty nn.{container}") if inside else _("no nn.{container}")
            return words.failed(
                _("The layers are not held in an nn.{container}.").format(container=container),
                expected=_("an nn.{container} that holds the layers").format(container=container),
                got=got.format(container=container),
                hint=_plain_hint(described),
            )
        idle = _idle(question, tuple(path + "." for path in held))
        if idle:
            return words.failed(
                _("The layers in the nn.{container} are registered, but do no work.").format(container=container),
                expected=_("forward uses the layers of the nn.{container}").format(container=container),
                got=_("no gradient reaches {names}").format(names=words.listed(idle)),
            )
        if len(held) * 2 <= len(owners):
            outside = [owner or _("the model itself") for owner in owners if owner not in held]
            return words.failed(
                _("Most layers are kept outside the nn.{container}.").format(container=container),
                expected=_("the layers in an nn.{container}").format(container=container),
                got=_("outside: {names}").format(names=words.listed(outside)),
            )
        return words.passed(
            _("{layers} with parameters live in an nn.{container}.").format(
                layers=words.plural(len(held), N_("layer")), container=container
            )
        )

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
            return _("`{path}` is a plain {container}: the module does not know what is inside it.").format(
                path=row.path, container=row.container
            )
    return ""


def _is(row: ModuleRow, container: str) -> bool:
    return _CONTAINERS + container in row.bases


def _holds_tensors(row: ModuleRow, described: Described) -> bool:
    return any(t.parameter and t.path.startswith(row.path + ".") for t in described.tensors)


def _functional(question: Question, _built: Built, described: Described) -> Finding:
    # A ready-made layer that only holds the parameters, and is never called, does no harm.
    ready = {row.path for row in described.modules if row.bases and row.bases[0].startswith("torch.nn.modules.")}
    layers = [path for path in described.order if path in ready]
    if not layers:
        return words.passed(_("The module applies its own parameters."))
    return words.failed(
        _("The computation is left to a ready-made layer."),
        expected=_("parameters of its own, applied with torch.nn.functional"),
        got=_("a layer of torch.nn: {names}").format(names=words.listed(layers)),
    )


RULES: dict[str, Callable[[Question, Built, Described], Finding]] = {
    "direct-subclass": _direct_subclass,
    "sequential-args": _built_by("args", "nn.Sequential(layer, layer, …)"),
    "sequential-add-module": _built_by("add_module", N_("nn.Sequential() and add_module(name, layer)")),
    "sequential-ordered-dict": _built_by("ordered_dict", "nn.Sequential(OrderedDict(…))"),
    "sequential-containers": _containers,
    "module-list": _layers_in("ModuleList"),
    "module-dict": _layers_in("ModuleDict"),
    "functional": _functional,
}
