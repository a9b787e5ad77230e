"""Facts that show in one call or one statement: flags, devices, seeds, tensors changed where they are.

Each function finds all places of one fact, each with a detail in a word or two. See `facts.DETECTORS` for their names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from grader.worker.bindings import CALLABLES
from grader.worker.excerpt import LOOPS, Excerpt, Function
from grader.worker.facts_names import MODELS, Seen, is_optimizer, last, methods, text

_DROPOUTS = re.compile(r"torch\.(nn\.functional\.)?((feature_)?alpha_)?dropout([123]d)?_?")
_CHANCE = re.compile(r"dropout|bernoulli|rand|uniform|Dropout|empty|binomial|multinomial")
_DEVICE = re.compile(r"(cu[a-z]{1,3}|cpu|mps|xpu|gpu)(:\d+)?")
_SEEDS = frozenset(["manual_seed", "manual_seed_all", "seed_everything"])
_SEEDING = frozenset(["random.seed", "numpy.random.seed", "np.random.seed"])
_REPEATED = frozenset(["forward", "__call__", "__iter__", "__getitem__"])
_MOVING = frozenset(["to", "cuda", "cpu", "float", "double", "long", "half"])
_BATCH = frozenset(["inputs", "targets", "x", "y", "labels", "images", "data", "input", "target", "outputs"])


def dropout_without_flag(code: Excerpt) -> Iterator[Seen]:
    """Functional dropout that is not told the mode, in code that never looks at the mode."""
    yield from _dropouts(code, lambda flag: flag is None)


def dropout_flag_true(code: Excerpt) -> Iterator[Seen]:
    """Functional dropout that is told to drop in every mode."""
    yield from _dropouts(code, lambda flag: isinstance(flag, ast.Constant) and flag.value is True)


def dropout_flag_false(code: Excerpt) -> Iterator[Seen]:
    """Functional dropout that is told to drop in no mode."""
    yield from _dropouts(code, lambda flag: isinstance(flag, ast.Constant) and flag.value is False)


def _dropouts(code: Excerpt, odd: Callable[[ast.expr | None], bool]) -> Iterator[Seen]:
    if any(node.attr == "training" and isinstance(node.ctx, ast.Load) for node in code.attributes):
        return
    for call in code.calls:
        name = code.dotted(call.func)
        spread = any(k.arg is None for k in call.keywords) or any(isinstance(a, ast.Starred) for a in call.args)
        if _DROPOUTS.fullmatch(name) and not spread:
            flags = [*call.args[2:3], *(k.value for k in call.keywords if k.arg in ("training", "train"))]
            if odd(flags[0] if flags else None):
                yield call, last(name)


def dropout_without_p(code: Excerpt) -> Iterator[Seen]:
    """Functional dropout that is not told how much to drop."""
    for call in code.calls:
        spread = any(k.arg in (None, "p") for k in call.keywords) or any(isinstance(a, ast.Starred) for a in call.args)
        if _DROPOUTS.fullmatch(code.dotted(call.func)) and len(call.args) < 2 and not spread:
            yield call, last(code.dotted(call.func))


def dropout_absent(code: Excerpt) -> Iterator[Seen]:
    """A module that is made with a probability, and does nothing by chance."""
    root = code.root.node if code.root else None
    if not isinstance(root, ast.ClassDef) or not any(methods(root, "forward")):
        return
    if any(arg.arg == "p" for init in methods(root, "__init__") for arg in init.args.args):
        words = [node.attr for node in code.attributes] + [n.id for n in code.nodes if isinstance(n, ast.Name)]
        if not any(_CHANCE.search(word) for word in words):
            yield root, "p"


def functional_with_self(code: Excerpt) -> Iterator[Seen]:
    """A function of torch's that is given the module, as if it were a method."""
    for call in code.calls:
        name = code.dotted(call.func)
        of_torch = name.startswith("torch.") and not name.startswith(("torch.nn.Module", "torch.jit", "torch.nn.init"))
        if of_torch and last(name)[:1].islower() and call.args and text(call.args[0]) == "self":
            yield call, last(name)


def softmax_without_dim(code: Excerpt) -> Iterator[Seen]:
    """Softmax that is not told along which axis."""
    for call in code.calls:
        name = code.dotted(call.func)
        named = any(k.arg in ("dim", None) for k in call.keywords) or any(isinstance(a, ast.Starred) for a in call.args)
        functional = name.startswith("torch.nn.functional.") and last(name) in ("softmax", "log_softmax", "softmin")
        if not named and (
            (functional and len(call.args) < 2)
            or (code.layer(call) in ("Softmax", "LogSoftmax", "Softmin") and last(name)[:1].isupper() and not call.args)
        ):
            yield call, last(name)


def forward_called(code: Excerpt) -> Iterator[Seen]:
    """``model.forward(x)``, which leaves out what calling the model does besides."""
    for call in code.calls:
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr == "forward" and not isinstance(func.value, ast.Call):
            of_class = call.args and text(call.args[0]) == "self"
            known = text(func.value)
            if known and not of_class and (known in MODELS or known.startswith("self") or _built_here(code, known)):
                yield call, known


def _built_here(code: Excerpt, name: str) -> bool:
    return any(text(target) == name and code.layer(value) for target, value in code.assignments)


def device_literals(code: Excerpt) -> Iterator[Seen]:
    """A device written into the code, spelled right or not."""
    for node in code.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DEVICE.fullmatch(node.value):
            parent = code.parents.get(node)
            if code.function(node) and not isinstance(parent, (ast.Compare, ast.arguments, ast.Subscript)):
                yield node, node.value
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "cuda" and code.function(node):
            yield node, "cuda"


def devices_misspelt(code: Excerpt) -> Iterator[Seen]:
    """The name of a device that does not exist."""
    for node, name in device_literals(code):
        if name.partition(":")[0] not in ("cuda", "cpu", "mps", "xpu"):
            yield node, name


def seeds(code: Excerpt) -> Iterator[Seen]:
    """A seed set in ``forward``, in ``__iter__`` or in a loop: chance that begins anew each time."""
    for call in code.calls:
        name = code.dotted(call.func)
        attribute = call.func.attr if isinstance(call.func, ast.Attribute) else last(name)
        function = code.function(call)
        if function is not None and (attribute in _SEEDS or name in _SEEDING):
            looped = isinstance(code.within(call, (*LOOPS, *CALLABLES)), LOOPS)
            if looped or function.name in _REPEATED:
                yield call, attribute


def retained(code: Excerpt) -> Iterator[Seen]:
    """A graph that is kept after its backward pass."""
    for call in code.calls:
        if any(k.arg == "retain_graph" and isinstance(k.value, ast.Constant) and k.value.value for k in call.keywords):
            yield call, "retain_graph"


def updates_by_hand(code: Excerpt) -> Iterator[Seen]:
    """Values changed past the optimizer or past autograd: ``.data``, or a step written out."""
    for node in code.attributes:
        name = text(node.value)
        if node.attr == "data" and name not in ("self", "torch.utils", "utils") and "dataset" not in name and name:
            yield node, f"{name}.data"
    yield from ((n, "in place") for n in code.nodes if isinstance(n, ast.AugAssign) and _mentions_gradient(n.value))


def rebound_updates(code: Excerpt) -> Iterator[Seen]:
    """``p = p - rate * p.grad``: a new value for the name, and none for the parameter."""
    for target, value in code.assignments:
        if isinstance(target, ast.Name) and isinstance(value, ast.BinOp) and _mentions_gradient(value):
            names = {name.id for name in ast.walk(value) if isinstance(name, ast.Name)}
            if target.id in names and any(
                isinstance(n, ast.Attribute) and n.attr == "grad" and text(n.value) == target.id
                for n in ast.walk(value)
            ):
                yield target, target.id


def _mentions_gradient(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr == "grad" for part in ast.walk(node))


def loss_classes_called(code: Excerpt) -> Iterator[Seen]:
    """A loss constructed with outputs and targets, where it was meant to be applied to them."""
    for call in code.calls:
        kind, given = code.layer(call), call.args[:2]
        tensors = len(given) == 2 and not any(isinstance(value, ast.Constant) for value in given)
        if tensors and kind.endswith("Loss") and kind not in code.definitions:
            yield call, kind


def rates_as_attribute(code: Excerpt) -> Iterator[Seen]:
    """``optimizer.lr = …``, which no optimizer reads."""
    for target, _ in code.assignments:
        if isinstance(target, ast.Attribute) and target.attr == "lr" and is_optimizer(target.value):
            yield target, text(target)


def moves_dropped(code: Excerpt) -> Iterator[Seen]:
    """``x.to(device)`` for a tensor, with nobody who takes the result."""
    for call in code.calls:
        func, function = call.func, code.function(call)
        if not isinstance(code.parents.get(call), ast.Expr) or not isinstance(func, ast.Attribute) or function is None:
            continue
        name = text(func.value)
        if func.attr in _MOVING and (name in _BATCH or name in _loop_targets(function)) and name not in MODELS:
            uses = [node for node in ast.walk(function) if isinstance(node, (ast.Call, ast.Attribute))]
            called = any(isinstance(node, ast.Call) and text(node.func) == name for node in uses)
            asked = {node.attr for node in uses if isinstance(node, ast.Attribute) and text(node.value) == name}
            if not called and not asked & {"train", "eval", "parameters", "modules"}:
                yield call, name


def _loop_targets(function: Function) -> set[str]:
    loops = [node.target for node in ast.walk(function) if isinstance(node, (ast.For, ast.AsyncFor))]
    return {name.id for target in loops for name in ast.walk(target) if isinstance(name, ast.Name)}


def generators_reused(code: Excerpt) -> Iterator[Seen]:
    """The result of ``parameters()`` read twice: the second time it is empty."""
    for target, value in code.assignments:
        function = code.function(target)
        fresh = isinstance(value, ast.Call) and getattr(value.func, "attr", "") == "parameters"
        if not fresh or not isinstance(target, ast.Name) or function is None:
            continue
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == target.id]
        loads = sorted((node for node in names if isinstance(node.ctx, ast.Load)), key=code.order.__getitem__)
        for earlier, later in pairwise(loads):
            if len(names) == len(loads) + 1 and not code.exclusive(earlier, later):
                yield later, target.id
