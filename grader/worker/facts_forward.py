"""Facts about the way of the data: what a forward pass does, leaves out, and changes.

Each function finds all places of one fact, each with a detail in a word or two. See `facts.DETECTORS` for their names.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from grader.worker.bindings import FUNCTIONS
from grader.worker.excerpt import CONTAINERS, Excerpt, Function
from grader.worker.facts_names import NO_GRAD, Seen, is_own, last, parameters, text

_ACTIVATIONS = frozenset(
    ["ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Softplus", "Flatten"]
)
_BY_ITSELF = frozenset(["children", "modules", "named_children", "named_modules", "_modules", "apply", "__getattr__"])


def no_grad_in_forward(code: Excerpt) -> Iterator[Seen]:
    """Gradients switched off for a part of what ``forward`` computes; keeping statistics that way is fine."""
    for function in _passes(code):
        blocks = [node for node in code.own(function) if isinstance(node, ast.With) and _computes(node)]
        around = [item.context_expr for block in blocks for item in block.items]
        for expression in [*function.decorator_list, *around]:
            name = last(code.dotted(expression.func if isinstance(expression, ast.Call) else expression))
            if name in NO_GRAD:
                yield expression, name


def _passes(code: Excerpt) -> list[Function]:
    """The ``forward`` of each class; the exercise itself, where it is a function of tensors."""
    root = code.root.node if code.root else None
    found = [f for f in code.functions if f.name == "forward" and isinstance(code.parents.get(f), ast.ClassDef)]
    return [*found, root] if isinstance(root, FUNCTIONS) and "weight" in parameters(root) else found


def parameters_in_calls(code: Excerpt) -> Iterator[Seen]:
    """A parameter made anew in each call: no gradient reaches what it was made of."""
    for function in _passes(code):
        for node in code.own(function):
            name = code.dotted(node.func) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name.startswith("torch.nn.") and last(name) == "Parameter":
                yield node, text(node.args[0]) if node.args else ""


def _computes(block: ast.With) -> bool:
    """Whether something that is named or returned is computed in it."""
    inside = [node for statement in block.body for node in ast.walk(statement)]
    return any(
        isinstance(node, ast.Return) or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        for node in inside
    )


def inputs_changed(code: Excerpt) -> Iterator[Seen]:
    """An argument of ``forward`` that is changed in place before it got another value."""
    for function in code.functions:
        if function.name != "forward" or not isinstance(code.parents.get(function), ast.ClassDef):
            continue
        for name in [arg.arg for arg in function.args.args[1:]]:
            places = [node for node in ast.walk(function) if isinstance(node, (ast.AugAssign, ast.Call))]
            for node in places:
                if _changes(code, node, name) and not _bound_before(code, function, name, node):
                    yield node, name


def _changes(code: Excerpt, node: ast.AugAssign | ast.Call, name: str) -> bool:
    if isinstance(node, ast.AugAssign):
        return text(node.target) == name
    given = bool(node.args) and text(node.args[0]) == name
    inplace = any(k.arg == "inplace" and isinstance(k.value, ast.Constant) and k.value.value for k in node.keywords)
    in_place = code.dotted(node.func).startswith("torch.") and last(code.dotted(node.func)).endswith("_")
    own = isinstance(node.func, ast.Attribute) and text(node.func.value) == name and node.func.attr.endswith("_")
    kept = isinstance(node.func, ast.Attribute) and node.func.attr in ("requires_grad_", "retain_grad_", "__len__")
    return (given and (inplace or in_place)) or (own and not kept)


def _bound_before(code: Excerpt, function: Function, name: str, node: ast.AST) -> bool:
    """Whether the name may stand for something else by then."""
    for other in ast.walk(function):
        if isinstance(other, ast.Name) and other.id == name and isinstance(other.ctx, ast.Store):
            statement = code.parents[other]
            if statement is not node and code.order[other] < code.order[node] and not _within(code, node, statement):
                return True
    return False


def _within(code: Excerpt, node: ast.AST, outer: ast.AST) -> bool:
    """Whether the change happens in the value that the name then gets: there it is still the argument."""
    return isinstance(outer, ast.Assign) and outer in code.above(node)


def changed_after_relu(code: Excerpt) -> Iterator[Seen]:
    """The result of an activation changed in place, which its backward pass still needs."""
    for node in code.nodes:
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            parent = code.parents[node]
            body = next((b for f in ("body", "orelse") if node in (b := getattr(parent, f, []))), [])
            for earlier in reversed(body[: body.index(node)] if body else []):
                if isinstance(earlier, (ast.Assign, ast.AugAssign)):
                    targets = earlier.targets if isinstance(earlier, ast.Assign) else [earlier.target]
                    if node.target.id in map(text, targets):
                        if isinstance(earlier, ast.Assign) and _is_relu(code, earlier.value):
                            yield node, node.target.id
                        break


def _is_relu(code: Excerpt, node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    built = {code.layer(value) for target, value in code.assignments if text(target) == text(node.func) != ""}
    name = node.func.attr if isinstance(node.func, ast.Attribute) else last(code.dotted(node.func))
    return "ReLU" in built or (name in ("relu", "relu_", "sigmoid", "tanh") and not text(node.func).startswith("self."))


def built_on_tensors(code: Excerpt) -> Iterator[Seen]:
    """An activation constructed with the tensor that it was meant to be applied to."""
    for call in code.calls:
        function = code.function(call)
        if isinstance(function, FUNCTIONS) and function.name == "forward" and code.layer(call) in _ACTIVATIONS:
            tensors = {arg.arg for arg in function.args.args[1:2]}
            for target, value in code.assignments:
                if code.function(target) is function and isinstance(value, ast.Call):
                    tensors.add(text(target))
            first = call.args[0] if call.args else None
            if isinstance(first, ast.Call) or (isinstance(first, ast.Name) and first.id in tensors):
                yield call, code.layer(call)


def results_unused(code: Excerpt) -> Iterator[Seen]:
    """A function or a layer applied, with nobody who takes the result; what works in place is fine."""
    for call in code.calls:
        if isinstance(code.parents.get(call), ast.Expr) and call.args and not _works_in_place(call):
            name = code.dotted(call.func)
            functional = name.startswith("torch.nn.functional.") and not name.endswith("_")
            built = _built_by(code, call)
            if functional or (built and not any(isinstance(v, ast.Call) and _works_in_place(v) for v in built)):
                yield call, text(call.func) or text(getattr(call.func, "value", call))


def _built_by(code: Excerpt, call: ast.Call) -> list[ast.expr]:
    """What is known of the layer that is called: an attribute, an element of one, or what a loop takes from one."""
    func = call.func.value if isinstance(call.func, ast.Subscript) else call.func
    if isinstance(func, ast.Name):
        loop = next((n for n in code.above(call) if isinstance(n, ast.For) and text(n.target) == func.id), None)
        func = loop.iter if loop is not None else func
    return [v for t, v in code.assignments if is_own(t) and text(t) == text(func) and code.layer(v)]


def _works_in_place(call: ast.Call) -> bool:
    """Whether a call says ``inplace``, by name or as a bare ``True``."""
    values = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("inplace", "out", None))]
    return any(isinstance(value, ast.Constant) and value.value is True for value in values) or any(
        keyword.arg in ("out", None) for keyword in call.keywords
    )


def layers_never_called(code: Excerpt) -> Iterator[Seen]:
    """A layer that a constructor keeps and that nothing ever asks for."""
    if _asks_by_other_ways(code):
        return
    asked = {node.attr for node in code.attributes if isinstance(node.ctx, ast.Load)}
    strings = {node.value for node in code.nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for target, value in code.assignments:
        owner = code.owner(target)
        if isinstance(target, ast.Attribute) and is_own(target) and code.learns(value) and owner in code.classes:
            bases = {last(code.dotted(base)) for base in owner.bases} if owner else set()
            forward = any(isinstance(node, FUNCTIONS) and node.name == "forward" for node in code.nodes)
            if forward and not bases & CONTAINERS and target.attr not in asked | strings:
                yield target, text(target)


def _asks_by_other_ways(code: Excerpt) -> bool:
    """Whether layers are looked up by names that are made up, or all at once."""
    called = {last(code.dotted(call.func)) for call in code.calls}
    return bool({"getattr", "vars", "eval", "attrgetter"} & called) or any(
        n.attr in _BY_ITSELF for n in code.attributes
    )


def keys_not_visited(code: Excerpt) -> Iterator[Seen]:
    """A key of a ModuleDict that is left out where all the others are looked up."""
    for owner in code.classes:
        kept: dict[str, set[object]] = defaultdict(set)
        for target, value in code.assignments:
            if is_own(target) and code.owner(target) is owner and code.layer(value) == "ModuleDict":
                kept[text(target)] |= _keys(value)
        for name, keys in kept.items():
            visits = _visits(code, owner, name)
            if keys and visits:
                left = sorted(str(key) for key in keys - {key for key, _ in visits})
                yield from ((visits[0][1], key) for key in left)


def _keys(value: ast.expr) -> set[object]:
    """The literal keys that a ModuleDict is made with."""
    given = value.args[0] if isinstance(value, ast.Call) and value.args else None
    if isinstance(given, ast.Dict):
        return {key.value for key in given.keys if isinstance(key, ast.Constant)}
    pairs = given.elts if isinstance(given, (ast.List, ast.Tuple)) else []
    keys = [pair.elts[0] for pair in pairs if isinstance(pair, ast.Tuple) and pair.elts]
    return {key.value for key in keys if isinstance(key, ast.Constant)}


def _visits(code: Excerpt, owner: ast.ClassDef, name: str) -> list[tuple[object, ast.AST]]:
    """The keys by which a mapping is looked up, with their places; none where one of them is not written out."""
    found: list[tuple[object, ast.AST]] = []
    for node in code.attributes:
        if text(node) != name or not isinstance(node.ctx, ast.Load) or code.owner(node) is not owner:
            continue
        parent = code.parents.get(node)
        if isinstance(parent, ast.Attribute) and not hasattr(dict, parent.attr):
            found.append((parent.attr, node))
            continue
        keys = _meant_by(code, parent.slice) if isinstance(parent, ast.Subscript) else []
        if not keys:
            return []
        found += [(key, node) for key in keys]
    return found


def _meant_by(code: Excerpt, index: ast.expr) -> list[object]:
    """The keys that an index stands for: itself, or what a loop over a literal list gives it."""
    if isinstance(index, ast.Constant):
        return [index.value]
    loop = next((n for n in code.above(index) if isinstance(n, ast.For) and text(n.target) == text(index) != ""), None)
    listed = loop.iter.elts if loop is not None and isinstance(loop.iter, (ast.List, ast.Tuple)) else []
    keys: list[object] = [element.value for element in listed if isinstance(element, ast.Constant)]
    return keys if len(keys) == len(listed) else []


def dicts_unpacked(code: Excerpt) -> Iterator[Seen]:
    """The values, or the keys, of a mapping handed over without the mapping: the names are lost."""
    mappings = {text(target) for target, value in code.assignments if _is_mapping(code, value)} - {""}
    for call in code.calls:
        for value in call.args if code.layer(call) == "Sequential" else []:
            inside = value.value if isinstance(value, ast.Starred) else None
            of_values = isinstance(inside, ast.Call) and text(inside.func).endswith(".values")
            if of_values or (inside is not None and text(inside) in mappings):
                yield call, "values" if of_values else "keys"


def _is_mapping(code: Excerpt, value: ast.expr) -> bool:
    return isinstance(value, ast.Dict) or (
        isinstance(value, ast.Call) and last(code.dotted(value.func)) in ("OrderedDict", "dict")
    )
