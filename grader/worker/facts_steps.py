"""Facts about losses and updates: the order of steps, steps left out, tensors where numbers belong.

Each function finds all places of one fact, each with a detail in a word or two. See `facts.DETECTORS` for their names.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator

from grader.worker.bindings import FUNCTIONS
from grader.worker.excerpt import LOOPS, Excerpt, Function
from grader.worker.facts_calls import rebound_updates
from grader.worker.facts_loops import TRAINING
from grader.worker.facts_names import NO_GRAD, Seen, is_loss_call, is_model_call, is_optimizer, last, parameters, text

_IN_PLACE = frozenset(["sub_", "add_", "copy_", "addcdiv_", "data"])
_BY_AUTOGRAD = frozenset(["torch.autograd.grad", "torch.autograd.backward", "torch.func.grad"])
_NUMBERS = frozenset(["item", "tolist", "numpy"])  # methods that lead out of tensors
_SIZES = frozenset(["shape", "size", "numel", "dim", "ndim", "dtype", "device", "grad_fn", "requires_grad", "backward"])
_CHOICES = frozenset(["argmax", "max", "topk", "argsort"])
_FRESH = frozenset(["tensor", "as_tensor", "Tensor", "FloatTensor", "Variable"])
Leads = Callable[[ast.AST], bool]


def _events(code: Excerpt) -> list[list[tuple[str, ast.Attribute]]]:
    """In each region: backward, step and zero_grad in the order of the text."""
    found: dict[ast.AST, list[tuple[str, ast.Attribute]]] = defaultdict(list)
    for node in code.attributes:
        call = code.parents.get(node)
        if node.attr in TRAINING and isinstance(call, ast.Call) and call.func is node and "sched" not in text(node):
            found[code.within(call, (*LOOPS, *FUNCTIONS, ast.Lambda)) or call].append((node.attr, node))
    return list(found.values())


def step_before_backward(code: Excerpt) -> Iterator[Seen]:
    """The update stands before the backward pass that it needs."""
    for events in _events(code):
        names = [name for name, _ in events]
        if "step" in names and "backward" in names and names.index("step") < names.index("backward"):
            step = events[names.index("step")][1]
            if not code.exclusive(step, events[names.index("backward")][1]):
                yield step, text(step)


def zero_before_step(code: Excerpt) -> Iterator[Seen]:
    """Gradients cleared between the backward pass and the update."""
    for events in _events(code):
        for (first, _), (second, zero), (third, step) in zip(events, events[1:], events[2:], strict=False):
            guarded = [node for node in code.above(zero) if isinstance(node, ast.If) and node not in code.above(step)]
            if (first, second, third) == ("backward", "zero_grad", "step") and not guarded:
                yield zero, text(zero)


def step_missing(code: Excerpt) -> Iterator[Seen]:
    """An optimizer that is given and makes no step; nor does anything else."""
    updates = [node for node in code.nodes if isinstance(node, ast.AugAssign) and ".grad" in ast.unparse(node)]
    other = [node for node in code.attributes if node.attr in _IN_PLACE]
    steps = [node for node in code.attributes if node.attr == "step" and "sched" not in text(node)]
    yield from _omitted(code, [*updates, *other, *steps, *(node for node, _ in rebound_updates(code))])


def backward_missing(code: Excerpt) -> Iterator[Seen]:
    """An optimizer that is given, and no gradients computed for it."""
    yield from _omitted(code, [n for n in code.attributes if n.attr == "backward" or code.dotted(n) in _BY_AUTOGRAD])


def zero_missing(code: Excerpt) -> Iterator[Seen]:
    """An optimizer that is given, and gradients that nobody clears."""
    cleared = [
        n for n in code.attributes if n.attr in ("zero_grad", "zero_") or code.dotted(n) == "torch.autograd.grad"
    ]
    cleared += [n for n in code.attributes if n.attr == "grad" and isinstance(n.ctx, ast.Store)]
    yield from _omitted(code, [*cleared, *(n for n in code.nodes if isinstance(n, ast.Constant) and n.value == "grad")])


def _omitted(code: Excerpt, present: list[ast.AST]) -> Iterator[Seen]:
    """The exercise itself, where it trains with an optimizer that it hands to nobody else, and nothing is `present`."""
    root = code.root.node if code.root else None
    models = [node for node in code.calls if is_model_call(node)]
    if present or not models or not any(name in ("optimizer", "opt", "optim") for name in parameters(root)):
        return
    own = {piece.name for piece in code.pieces} | {function.name for function in code.functions}
    for call in code.calls:
        handed = any(is_optimizer(value) for value in [*call.args, *(k.value for k in call.keywords)])
        if handed and last(text(call.func)) not in own:
            return
    yield (root or models[0]), text(models[0].func)


def tensors_accumulated(code: Excerpt) -> Iterator[Seen]:
    """A running total, or a list, that takes up the loss with its graph."""
    undone = {text(node.value) for node in _backwards(code)}
    for function in code.functions:
        if _without_graph(code, function) or not any(code.function(node) is function for node in _backwards(code)):
            continue
        losses = _losses(code, function)
        for node, name, value in _sums(code, function):
            if name not in undone and _leads(code, value, losses - {name}, graph=True):
                yield node, name


def _sums(code: Excerpt, function: Function) -> Iterator[tuple[ast.AST, str, ast.expr]]:
    """What is added to totals, and appended to lists."""
    for node in code.own(function):
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
            yield node, text(node.target), node.value
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
            name = text(node.targets[0])
            if name and any(text(side) == name for side in (node.value.left, node.value.right)):
                yield node, name, node.value
        elif isinstance(node, ast.Call) and text(node.func).endswith(".append") and node.args:
            yield node, text(node.func).removesuffix(".append"), node.args[0]


def items_missing(code: Excerpt) -> Iterator[Seen]:
    """The exercise's function returns a tensor that it computed as a loss or a count, where a number is asked for."""
    root = code.root.node if code.root else None
    if not isinstance(root, FUNCTIONS) or not {"model", "loader", "inputs"} & set(parameters(root)):
        return
    tensors = _losses(code, root)
    counts = not any("numpy" in code.dotted(n) or text(n) == "np" for n in code.nodes if isinstance(n, ast.Name))
    for _ in range(3):  # a total of totals
        for target, value in _given(code, root):
            if _leads(code, value, tensors, graph=False) or (counts and _is_count(value)):
                tensors.add(target)
    tensors -= _made_numbers(code, root)
    for node in code.own(root):
        if isinstance(node, ast.Return) and node.value is not None and _leads(code, node.value, tensors, graph=False):
            yield node, next((n.id for n in ast.walk(node.value) if isinstance(n, ast.Name) and n.id in tensors), "")


def _given(code: Excerpt, function: Function) -> Iterator[tuple[str, ast.expr]]:
    """The names that get values in a function, ``+=`` included."""
    for node in code.own(function):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
            if text(target):
                yield text(target), node.value


def _is_count(node: ast.expr) -> bool:
    """Whether this adds up a comparison of tensors, and stays a tensor."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("float", "double"):
        node = node.func.value
    if (
        not isinstance(node, ast.Call)
        or not isinstance(node.func, ast.Attribute)
        or node.func.attr not in ("sum", "mean")
    ):
        return False
    inside = [part for part in ast.walk(node.func.value) if isinstance(part, (ast.Compare, ast.Attribute))]
    return any(isinstance(part, ast.Compare) or part.attr == "eq" for part in inside) and not any(
        isinstance(part, ast.Attribute) and part.attr in _NUMBERS for part in inside
    )


def _backwards(code: Excerpt) -> list[ast.Attribute]:
    return [node for node in code.attributes if node.attr == "backward"]


def _losses(code: Excerpt, function: Function) -> set[str]:
    """The names that hold a loss as a tensor, throughout a function."""
    found = {text(node.value) for node in _backwards(code) if code.function(node) is function}
    for target, value in code.assignments:
        if code.function(target) is function and text(target) and _leads(code, value, set(), graph=False):
            found.add(text(target))
    return found - _made_numbers(code, function) - {""}


def _made_numbers(code: Excerpt, function: Function) -> set[str]:
    """The names that get a number made of what they held."""
    return {
        text(target)
        for target, value in code.assignments
        if code.function(target) is function
        and isinstance(value, ast.Call)
        and (text(value.func) == "float" or getattr(value.func, "attr", "") in _NUMBERS)
    }


def _without_graph(code: Excerpt, function: Function) -> bool:
    return any(
        isinstance(node, (ast.Name, ast.Attribute)) and last(code.dotted(node)) in NO_GRAD
        for node in ast.walk(function)
    )


def _leads(code: Excerpt, node: ast.AST, names: set[str], *, graph: bool) -> bool:
    """Whether a value is computed from the tensors of these names, or from a loss, and still is a tensor; with `graph`,
    one that is not cut off from its graph."""

    def leads(node: ast.AST) -> bool:
        if isinstance(node, (ast.Name, ast.Attribute)) and text(node) in names:
            return True
        if isinstance(node, ast.Call):
            return is_loss_call(code, node) or _by_method(node) or any(map(leads, _passed_on(code, node)))
        if isinstance(node, ast.Attribute):
            return node.attr not in _SIZES and not (graph and node.attr == "data") and leads(node.value)
        if isinstance(node, ast.BinOp):
            return leads(node.left) or leads(node.right)
        if isinstance(node, ast.IfExp):
            return leads(node.body) or leads(node.orelse)
        if isinstance(node, (ast.UnaryOp, ast.NamedExpr, ast.Subscript)):
            return leads(node.operand if isinstance(node, ast.UnaryOp) else node.value)
        return isinstance(node, (ast.Tuple, ast.List)) and any(map(leads, node.elts))

    def _by_method(call: ast.Call) -> bool:
        func = call.func
        if not isinstance(func, ast.Attribute) or func.attr in _NUMBERS | _SIZES | {"step", "append"}:
            return False
        return not (graph and func.attr == "detach") and leads(func.value)

    return leads(node)


def _passed_on(code: Excerpt, call: ast.Call) -> list[ast.expr]:
    """The arguments that a call makes its result of, as a tensor: those of torch's functions, and of ``sum``."""
    name = code.dotted(call.func)
    if name.startswith("torch.") and not name.startswith(("torch.nn", "torch.optim", "torch.autograd", "torch.utils")):
        return call.args
    return call.args if name == "sum" else []


def losses_rewrapped(code: Excerpt) -> Iterator[Seen]:
    """The loss made anew without its history, before ``backward``."""
    for node in _backwards(code):
        function = code.function(node)
        if _is_rewrapped(code, node.value):
            yield node, ""
        for target, value in code.assignments:
            name = text(target)
            same = name and name == text(node.value) and code.function(target) is function
            if same and _is_rewrapped(code, value) and code.order[target] < code.order[node]:
                yield target, name
        for call in code.calls:
            alone = isinstance(code.parents.get(call), ast.Expr) and code.function(call) is function
            if alone and text(node.value) and text(call.func) == f"{text(node.value)}.requires_grad_":
                yield call, text(node.value)


def _is_rewrapped(code: Excerpt, node: ast.expr) -> bool:
    """Whether the last steps of an expression cut a tensor off from its history."""
    while isinstance(node, (ast.Call, ast.Attribute)):
        func = node.func if isinstance(node, ast.Call) else node
        if last(code.dotted(func)) in _FRESH and (code.dotted(func).startswith("torch") or text(func) == "Variable"):
            return True
        if not isinstance(func, ast.Attribute):
            return False
        if func.attr in ("detach", "data", "requires_grad_"):
            return True
        node = func.value
    return False


def outputs_detached(code: Excerpt) -> Iterator[Seen]:
    """A loss of outputs that are cut off from the model."""
    for call, outputs in _learned_from(code):
        if any(isinstance(part, ast.Attribute) and part.attr in ("detach", "data") for part in ast.walk(outputs)):
            yield call, text(call.func)


def argmax_before_loss(code: Excerpt) -> Iterator[Seen]:
    """A loss of predicted classes, where scores are meant."""
    for call, outputs in _learned_from(code):
        if any(isinstance(part, ast.Attribute) and part.attr in _CHOICES for part in ast.walk(outputs)):
            yield call, text(call.func)


def _learned_from(code: Excerpt) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Calls that compute the loss of a backward pass, or of a criterion, with what their outputs are computed by."""
    undone = {text(node.value) for node in _backwards(code)}
    for call in code.calls:
        if not is_loss_call(code, call) or not call.args:
            continue
        above = next(
            (n for n in code.above(call) if isinstance(n, (ast.Assign, ast.NamedExpr, ast.Return, ast.Lambda))), None
        )
        targets = (
            above.targets
            if isinstance(above, ast.Assign)
            else [above.target]
            if isinstance(above, ast.NamedExpr)
            else []
        )
        kept = any(text(target) in undone for target in targets)
        direct = isinstance(up := code.parents.get(call), ast.Attribute) and up.attr == "backward"
        given = isinstance(above, (ast.Return, ast.Lambda)) and not undone
        if kept or direct or given:
            function = code.function(call)
            yield call, call.args[0]
            for target, value in code.assignments:
                earlier = code.function(target) is function and code.order[target] < code.order[call]
                if earlier and text(target) == text(call.args[0]) != "":
                    yield call, value


def argmax_without_axis(code: Excerpt) -> Iterator[Seen]:
    """The position of the largest of all scores of a batch, not of each sample's."""
    loops = [node.target for node in code.nodes if isinstance(node, (ast.For, ast.comprehension))]
    looped = {name.id for target in loops for name in ast.walk(target) if isinstance(name, ast.Name)}
    for call in code.calls:
        func = call.func
        if not isinstance(func, ast.Attribute) or func.attr != "argmax" or call.keywords:
            continue
        of_torch = code.dotted(func) == "torch.argmax"
        value = (call.args or [func])[0] if of_torch else func.value
        single = isinstance(value, ast.Subscript) or text(value) in looped
        if len(call.args) == of_torch and not single and not code.dotted(func).startswith(("np.", "numpy.")):
            yield call, text(value)
