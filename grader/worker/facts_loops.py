"""Facts about modes and gradients in training and evaluation.

A *region* is the innermost loop around a call of the model, or its function where there is no loop. One that holds
``backward`` or the optimizer's methods trains; another one measures. Of the reasons why something does not happen, one
is given: where ``model.eval`` stands without parentheses, ``eval-missing`` is not said as well. Gradients switched off
in its place are a fact beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import lru_cache

from grader.worker.bindings import FUNCTIONS
from grader.worker.excerpt import LOOPS, Excerpt
from grader.worker.facts_names import NO_GRAD, Seen, is_bare, is_model_call, last, parameters, text

_SWITCHES = (*NO_GRAD, "set_grad_enabled")
TRAINING = frozenset(["backward", "step", "zero_grad"])
_CHOOSING = frozenset(["argmax", "max", "topk", "argsort", "eq"])


def bare_method(name: str) -> Callable[[Excerpt], Iterator[Seen]]:
    """The detector of a method that is named as a statement, and not called."""

    def find(code: Excerpt) -> Iterator[Seen]:
        for node in code.attributes:
            if node.attr == name and is_bare(code, node):
                yield node, text(node)

    return find


@lru_cache(maxsize=4)
def regions(code: Excerpt) -> tuple[list[ast.Call], list[ast.Call]]:
    """The calls of the model that train, and those that measure."""
    root = code.root.node if code.root else None
    anywhere = any(node.attr == "backward" for node in code.attributes) or "optimizer" in parameters(root)
    train, measure = [], []
    kinds: dict[ast.AST, tuple[bool, bool]] = {}
    for call in code.calls:
        if is_model_call(call) and code.function(call) and code.owner(call) not in code.classes:
            region = region_of(code, call)
            if region not in kinds:
                kinds[region] = (_trains(code, region), _chooses(region))
            trains, chooses = kinds[region]
            if trains:
                train.append(call)
            elif not anywhere or chooses:
                measure.append(call)
    return train, measure


def region_of(code: Excerpt, node: ast.AST) -> ast.AST:
    """The innermost loop that a node stands in, or else its function."""
    return code.within(node, (*LOOPS, *FUNCTIONS)) or node


def _trains(code: Excerpt, region: ast.AST) -> bool:
    for node in ast.walk(region):
        if isinstance(node, ast.Attribute) and (node.attr in TRAINING or code.dotted(node) == "torch.autograd.grad"):
            return True
    return False


def _chooses(region: ast.AST) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and node.attr in _CHOOSING)
        or (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq))
        for node in ast.walk(region)
    )


def _switches(code: Excerpt) -> list[ast.AST]:
    """Where gradients are switched off, or may be; a context that is made and never entered is none."""
    found: list[ast.AST] = []
    for node in code.nodes:
        if isinstance(node, (ast.Name, ast.Attribute)) and last(code.dotted(node)) in _SWITCHES:
            parent = code.parents.get(node)
            if not (last(code.dotted(node)) in NO_GRAD and parent is not None and is_bare(code, parent)):
                found.append(node)
    return found


def _called(code: Excerpt, name: str) -> list[ast.Attribute]:
    """The places where a method is called, or handed on."""
    return [node for node in code.attributes if node.attr == name and not is_bare(code, node)]


def _is_true(call: ast.AST | None) -> bool:
    """Whether this calls ``train()``, for train mode."""
    if not isinstance(call, ast.Call):
        return False
    values = [*call.args, *(k.value for k in call.keywords)]
    return not values or (isinstance(values[0], ast.Constant) and bool(values[0].value))


def _goes_to_eval(code: Excerpt, node: ast.Attribute) -> bool:
    """Whether ``train(…)`` may switch to eval mode, and does not just restore what was."""
    call = code.parents.get(node)
    if not isinstance(call, ast.Call) or call.func is not node or _is_true(call):
        return False
    value = [*call.args, *(k.value for k in call.keywords)][0]
    return not _reads_mode(value) and text(value) not in _remembered(code)


@lru_cache(maxsize=4)
def _remembered(code: Excerpt) -> set[str]:
    """The names that may hold the mode as it was: those that it was read into, and those of loops."""
    loops = [node for node in code.nodes if isinstance(node, (ast.For, ast.comprehension))]
    looped = {name.id for loop in loops for name in ast.walk(loop.target) if isinstance(name, ast.Name)}
    return looped | {text(target) for target, mode in code.assignments if any(map(_reads_mode, ast.walk(mode)))}


def _reads_mode(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "training"


def flags_assigned(code: Excerpt) -> Iterator[Seen]:
    """``model.training = …``, which its layers do not hear of. In a loop over all modules each one hears of it."""
    for target, value in code.assignments:
        function = code.function(target)
        if isinstance(target, ast.Attribute) and target.attr == "training" and function is not None:
            loops = [loop for loop in code.above(target) if isinstance(loop, (ast.For, ast.AsyncFor))]
            looped = {n.id for loop in loops for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
            if text(target.value) not in looped and function.name not in ("train", "eval"):
                yield target, str(value.value) if isinstance(value, ast.Constant) else ""


def eval_missing(code: Excerpt) -> Iterator[Seen]:
    """Measuring without a word about the mode, with gradients or without."""
    yield from _not_in_eval_mode(code, "missing", "no grad")


def no_grad_for_eval(code: Excerpt) -> Iterator[Seen]:
    """Measuring with gradients switched off, and without a word about the mode."""
    yield from _not_in_eval_mode(code, "no grad")


def train_in_evaluation(code: Excerpt) -> Iterator[Seen]:
    """Measuring after a switch to train mode."""
    yield from _not_in_eval_mode(code, "train")


def _not_in_eval_mode(code: Excerpt, *wanted: str) -> Iterator[Seen]:
    train, measure = regions(code)
    named = any(node.attr == "eval" for node in code.attributes)
    by_hand = any(detail == "False" for _, detail in flags_assigned(code))
    if not measure or named or by_hand or any(_goes_to_eval(code, node) for node in _called(code, "train")):
        return
    switched = [
        node
        for node in _called(code, "train")
        if _is_true(code.parents.get(node)) and code.order[node] < code.order[measure[0]] and not train
    ]
    off = _switches(code)
    why = "train" if switched else "no grad" if off else "missing"
    if why in wanted:
        yield (switched or off or measure)[0], text(measure[0].func)


def train_after_eval(code: Excerpt) -> Iterator[Seen]:
    """Train mode at the end of measuring, whatever the mode was before."""
    train, measure = regions(code)
    root = code.root.node if code.root else None
    if measure and not train and "optimizer" not in parameters(root) and _called(code, "eval"):
        for node in _called(code, "train"):
            guarded = any(isinstance(parent, (ast.If, ast.IfExp)) for parent in code.above(node))
            after = code.order[node] > code.order[measure[0]]
            if after and not guarded and _is_true(code.parents.get(node)):
                yield node, text(node)


def no_grad_missing(code: Excerpt) -> Iterator[Seen]:
    """Measuring while graphs are built."""
    _, measure = regions(code)
    if measure and not _switches(code):
        yield measure[0], text(measure[0].func)


def no_grad_not_called(code: Excerpt) -> Iterator[Seen]:
    """``with torch.no_grad:``, which enters a class, or ``torch.no_grad()`` alone, which enters nothing."""
    for node in code.nodes:
        if isinstance(node, (ast.Name, ast.Attribute)) and last(code.dotted(node)) in NO_GRAD:
            parent = code.parents.get(node)
            if isinstance(parent, ast.withitem) or (isinstance(parent, ast.Call) and is_bare(code, parent)):
                yield node, last(code.dotted(node))


def no_grad_around_training(code: Excerpt) -> Iterator[Seen]:
    """A backward pass, or all passes forward that it goes back through, where gradients are switched off."""
    if any(node.attr in ("enable_grad", "set_grad_enabled") for node in code.attributes):
        return
    yield from ((node, text(node.value)) for node in _called(code, "backward") if _without_gradients(code, node))
    train, _ = regions(code)
    if all(_without_gradients(code, call) for call in train):
        yield from ((call, text(call.func)) for call in train)


def _without_gradients(code: Excerpt, node: ast.AST) -> bool:
    """Whether a node stands in a block, or a function, without gradients."""
    for parent in code.above(node):
        items = [item.context_expr for item in parent.items] if isinstance(parent, ast.With) else []
        around = items + (parent.decorator_list if isinstance(parent, FUNCTIONS) else [])
        if any(isinstance(call, ast.Call) and last(code.dotted(call.func)) in NO_GRAD for call in around):
            return True
    return False


def train_missing(code: Excerpt) -> Iterator[Seen]:
    """Training on the batches of a loader without a word about the mode."""
    train, _ = regions(code)
    root = code.root.node if code.root else None
    said = [node for node in code.attributes if node.attr == "train"]
    by_hand = any(True for _ in flags_assigned(code))
    batches = any("loader" in name for name in parameters(root))
    if train and batches and not said and not by_hand and not any(True for _ in eval_in_training(code)):
        yield train[0], text(train[0].func)


def eval_in_training(code: Excerpt) -> Iterator[Seen]:
    """Eval mode, and then training."""
    train, measure = regions(code)
    around = {region_of(code, call) for call in train if isinstance(region_of(code, call), LOOPS)}
    for node in _called(code, "eval"):
        if train and (not measure or any(loop in around for loop in code.above(node))):
            yield node, text(node.value)


def mode_read_late(code: Excerpt) -> Iterator[Seen]:
    """The mode remembered after it was changed."""
    for function in code.functions:
        changed = [code.order[n] for n in _called(code, "eval") if code.function(n) is function]
        for target, value in code.assignments if changed else ():
            late = code.function(target) is function and code.order[target] > min(changed)
            if late and any(map(_reads_mode, ast.walk(value))) and _decides_mode(code, text(target)):
                yield target, text(target)


def _decides_mode(code: Excerpt, name: str) -> bool:
    """Whether a name says which mode to go back to."""
    for call in code.calls:
        given = [text(value) for value in [*call.args, *(k.value for k in call.keywords)]]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "train" and name in given:
            return True
    return any(isinstance(node, (ast.If, ast.IfExp)) and text(node.test) == name for node in code.nodes)
