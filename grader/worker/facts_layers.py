"""Facts about how layers are built, placed and kept.

Each function finds all places of one fact, each with a detail in a word or two. See `facts.DETECTORS` for their names.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from grader.worker.bindings import COMPREHENSIONS, FUNCTIONS
from grader.worker.excerpt import CONTAINERS, LAYERS, LOOPS, Excerpt, Function
from grader.worker.facts_names import Seen, is_own, last, registers_by_hand, text

_CALLED = ("forward", "__call__")
_DISPLAYS = (ast.List, ast.Tuple, ast.Set)
_ADDING = ("add_module", "register_module")
_REGISTERING = (*_ADDING, *CONTAINERS, "setattr", "update", "extend")


def duplicate_keys(code: Excerpt) -> Iterator[Seen]:
    """A literal key given twice: in a dict, in pairs of name and layer, in calls of add_module, in assignments."""
    for node in code.nodes:
        if isinstance(node, ast.Dict):
            yield from _repeated((key, key) for key in node.keys if key is not None)
        elif isinstance(node, (ast.List, ast.Tuple)) and _holds_pairs(code, node):
            yield from _repeated((pair, pair.elts[0]) for pair in node.elts if isinstance(pair, ast.Tuple))
    added: dict[tuple[object, str, object], list[ast.AST]] = defaultdict(list)
    for call in code.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in _ADDING and call.args:
            key = call.args[0]
            if isinstance(key, ast.Constant):
                added[code.function(call), text(call.func.value), key.value].append(call)
    for target, value in code.assignments:
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) and code.layer(value):
            added[code.function(target), text(target.value), target.slice.value].append(target)
    for (_, _, name), places in added.items():
        yield from ((later, str(name)) for later in _later(code, places))
        if len(places) == 1 and isinstance(places[0], ast.Call) and _in_a_loop_for_one(code, places[0]):
            yield places[0], str(name)


def _holds_pairs(code: Excerpt, node: ast.List | ast.Tuple) -> bool:
    """Whether these are pairs of a name and a layer, or go to a mapping."""
    pairs = [pair for pair in node.elts if isinstance(pair, ast.Tuple) and len(pair.elts) == 2]
    if len(pairs) != len(node.elts) or not pairs:
        return False
    parent = code.parents.get(node)
    mapping = isinstance(parent, ast.Call) and last(code.dotted(parent.func)) in (
        "OrderedDict",
        "ModuleDict",
        "dict",
    )
    return mapping or any(code.layer(pair.elts[1]) for pair in pairs)


def _repeated(items: Iterable[tuple[ast.AST, ast.AST]]) -> Iterator[Seen]:
    seen: set[object] = set()
    for node, key in items:
        if isinstance(key, ast.Constant):
            if key.value in seen:
                yield node, str(key.value)
            seen.add(key.value)


def _later(code: Excerpt, places: list[ast.AST]) -> Iterator[ast.AST]:
    """The places that come after another one which may have run before."""
    for index, later in enumerate(places[:50]):
        if any(not code.exclusive(earlier, later) for earlier in places[:index]):
            yield later


def _in_a_loop_for_one(code: Excerpt, call: ast.Call) -> bool:
    """Whether a call that adds under a fixed name is repeated for a container made before the loop."""
    loop = code.within(call, LOOPS)
    if loop is None or not isinstance(call.func, ast.Attribute) or any(isinstance(n, ast.If) for n in code.above(call)):
        return False
    names = {name.id for name in ast.walk(call.func.value) if isinstance(name, ast.Name)}
    made = {name.id for name in ast.walk(loop) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
    left = any(isinstance(node, ast.Break) for node in ast.walk(loop))
    return bool(names) and not names & made and not left


def shared_layers(code: Excerpt) -> Iterator[Seen]:
    """A layer that learns, placed at two positions or called at two places of one method. What keeps nothing, such as
    an activation, may serve twice."""
    for function in code.functions:
        built = _built_in(code, function)
        placed: dict[str, list[ast.AST]] = defaultdict(list)
        for node in ast.walk(function):
            if isinstance(node, COMPREHENSIONS) and not isinstance(node, ast.DictComp):
                name = text(node.elt) if isinstance(node.elt, ast.Name) else ""
                if name in built and not any(name == text(part.target) for part in node.generators):
                    yield node.elt, built[name]
            elements = _elements(code, node)
            for element in elements:
                if text(element) in built:
                    placed[text(element)].append(element)
        for call in code.own(function):
            if isinstance(call, ast.Call) and text(call.func) in built:
                placed[f"{text(call.func)}()"].append(call)
        for target, value in code.assigned[function]:
            if isinstance(target, ast.Attribute) and isinstance(value, ast.Attribute) and text(value) in built:
                yield value, built[text(value)]
        for name, places in placed.items():
            yield from ((later, built[name.removesuffix("()")]) for later in _later(code, places))


@lru_cache(maxsize=64)
def _built_in(code: Excerpt, function: Function) -> dict[str, str]:
    """What a function can name of layers that learn: its own names, and the attributes of its class."""
    found: dict[str, str] = {}
    owner = code.parents.get(function)
    if isinstance(owner, ast.ClassDef):
        found |= _kept_in(code, owner)
    return found | _learning(code, [pair for pair in code.assigned[function] if isinstance(pair[0], ast.Name)])


@lru_cache(maxsize=64)
def _kept_in(code: Excerpt, owner: ast.ClassDef) -> dict[str, str]:
    """What the methods of a class can name of layers that learn, as attributes."""
    pairs = [pair for kind in reversed(code.bases(owner)) for pair in code.assigned[kind]]
    return _learning(code, [pair for pair in pairs if isinstance(pair[0], ast.Attribute)])


def _learning(code: Excerpt, pairs: list[tuple[ast.expr, ast.expr]]) -> dict[str, str]:
    """The names that get layers that learn, and those of the elements of containers."""
    found: dict[str, str] = {}
    for target, value in pairs:
        found.pop(text(target), None)
        if code.learns(value):
            found[text(target)] = code.layer(value)
        found |= dict(_named_elements(code, text(target), value))
    return found


def _named_elements(code: Excerpt, name: str, value: ast.expr) -> Iterator[tuple[str, str]]:
    """The elements of a container, as ``name[0]``, ``name['fc']`` and ``name.fc``."""
    inside = value.args[0] if code.layer(value) in CONTAINERS and isinstance(value, ast.Call) and value.args else value
    if isinstance(inside, ast.Dict):
        for key, element in zip(inside.keys, inside.values, strict=True):
            if isinstance(key, ast.Constant) and code.learns(element):
                yield f"{name}[{key.value!r}]", code.layer(element)
                yield f"{name}.{key.value!s}", code.layer(element)
    elements = inside.elts if isinstance(inside, ast.List) else getattr(value, "args", []) if code.layer(value) else []
    for index, element in enumerate(elements):
        if code.learns(element):
            yield f"{name}[{index}]", code.layer(element)


def _elements(code: Excerpt, node: ast.AST) -> list[ast.expr]:
    """What a display of layers, or a container's call, holds."""
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, _DISPLAYS) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return [] if isinstance(code.parents.get(node), (ast.Return, ast.Assign)) and len(node.elts) < 2 else node.elts
    return node.args if isinstance(node, ast.Call) and code.layer(node) in CONTAINERS else []


def built_in_call(code: Excerpt) -> Iterator[Seen]:
    """A layer that learns, or drops, constructed where it is used: in ``forward``, or called as soon as it is built."""
    for call in code.calls:
        function = code.function(call)
        kind = code.layer(call)
        if not (kind in LAYERS and (code.learns(call) or "Dropout" in kind)) or not isinstance(function, FUNCTIONS):
            continue
        parent = code.parents.get(call)
        in_class = isinstance(code.parents.get(function), ast.ClassDef)
        applied = isinstance(parent, ast.Call) and parent.func is call
        inside = in_class and function.name in _CALLED and not any(isinstance(n, ast.If) for n in code.above(call))
        if function.name != "__init__" and (applied or inside or (not in_class and _used_up(code, call, function))):
            yield call, kind


def _used_up(code: Excerpt, call: ast.Call, function: Function) -> bool:
    """Whether the layer gets a name, is called by it, and never leaves the function."""
    parent = code.parents.get(call)
    if not isinstance(parent, ast.Assign) or not isinstance(parent.targets[0], ast.Name):
        return False
    name = parent.targets[0].id
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
    loads = [node for node in uses if isinstance(node.ctx, ast.Load)]
    called = [node for node in loads if isinstance(up := code.parents[node], ast.Call) and up.func is node]
    return bool(called) and all(node in called or isinstance(code.parents[node], ast.Attribute) for node in loads)


def multiplied(code: Excerpt) -> Iterator[Seen]:
    """A list of layers that learn, times a number: one layer many times."""
    for node in code.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            function = code.function(node)
            built = _built_in(code, function) if isinstance(function, FUNCTIONS) else {}
            for side in (node.left, node.right):
                for element in side.elts if isinstance(side, (ast.List, ast.Tuple)) else []:
                    if code.learns(element) or text(element) in built:
                        yield node, code.layer(element) or built[text(element)]
                        break


def plain_lists(code: Excerpt) -> Iterator[Seen]:
    """An attribute that is a plain list or tuple of layers, which the module does not register."""
    yield from _plain(code, (ast.List, ast.Tuple, ast.ListComp), ("append", "insert"))


def plain_dicts(code: Excerpt) -> Iterator[Seen]:
    """An attribute that is a plain dict of layers."""
    yield from _plain(code, (ast.Dict, ast.DictComp), ())


def _plain(code: Excerpt, kinds: tuple[type[ast.expr], ...], adding: tuple[str, ...]) -> Iterator[Seen]:
    """The attributes that hold layers in a display of one of these kinds, or get them one by one."""
    for owner in code.classes:
        if registers_by_hand(code, owner):
            continue
        empty: set[str] = set()
        for target, value in code.assignments:
            if is_own(target) and code.owner(target) is owner and _is_display(code, value, kinds):
                listed = _listed(value)
                if any(_is_layer(code, element) for element in listed) and not _handed_on(code, owner, text(target)):
                    yield target, text(target)
                empty |= set() if listed else {text(target)}
        for place, name, value in _additions(code, adding) if empty else ():
            own = name in empty and code.owner(place) is owner and not _handed_on(code, owner, name)
            if own and _is_layer(code, value):
                yield place, name


def _is_display(code: Excerpt, value: ast.expr, kinds: tuple[type[ast.expr], ...]) -> bool:
    mapping = isinstance(value, ast.Call) and last(code.dotted(value.func)) in ("dict", "OrderedDict")
    return isinstance(value, kinds) or (mapping and ast.Dict in kinds)


def _is_layer(code: Excerpt, element: ast.expr) -> bool:
    """Whether this builds a layer that learns, or names one that its function built."""
    function = code.function(element)
    named = isinstance(element, ast.Name) and function is not None and element.id in _built_in(code, function)
    return named or code.learns(element)


def _additions(code: Excerpt, adding: tuple[str, ...]) -> Iterator[tuple[ast.AST, str, ast.expr]]:
    """What is put into containers one by one: by the methods `adding`, or under keys where there are none."""
    for call in code.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in adding and call.args:
            yield call, text(call.func.value), call.args[-1]
    for target, value in () if adding else code.assignments:
        if isinstance(target, ast.Subscript):
            yield target, text(target.value), value


def _listed(value: ast.expr) -> list[ast.expr]:
    """The elements of a display; those of a comprehension are one, as it is written."""
    if isinstance(value, ast.Call):
        pairs = value.args[0].elts if value.args and isinstance(value.args[0], (ast.List, ast.Tuple)) else []
        pairs = [pair.elts[1] for pair in pairs if isinstance(pair, ast.Tuple) and len(pair.elts) == 2]
        return [*(keyword.value for keyword in value.keywords), *pairs]
    if isinstance(value, ast.ListComp):
        return [value.elt]
    if isinstance(value, ast.Dict):
        return value.values
    return [value.value] if isinstance(value, ast.DictComp) else getattr(value, "elts", [])


def _handed_on(code: Excerpt, owner: ast.ClassDef, name: str) -> bool:
    """Whether the list becomes, or fills, a container that registers."""
    calls = [call for call in ast.walk(owner) if isinstance(call, ast.Call)]
    filling = [call for call in calls if last(code.dotted(call.func)) in _REGISTERING]
    return any(text(part) == name for call in filling for part in ast.walk(call) if isinstance(part, ast.Attribute))


def overwritten(code: Excerpt) -> Iterator[Seen]:
    """An attribute that gets a layer, and then another one before the first was looked at."""
    places: dict[tuple[ast.AST | None, str], list[ast.AST]] = defaultdict(list)
    for target, value in code.assignments:
        if is_own(target) and code.layer(value):
            places[code.function(target), text(target)].append(target)
    for (function, name), targets in places.items():
        reads = [node for node in code.attributes if isinstance(node.ctx, ast.Load) and text(node) == name]
        for earlier, later in pairwise(targets):
            end = code.order[later] + len(list(ast.walk(code.parents[later])))  # the value read for itself
            read = [n for n in reads if code.function(n) is function and code.order[earlier] < code.order[n] < end]
            if not read and not code.exclusive(earlier, later):
                yield later, name


def second_stride_repeated(code: Excerpt) -> Iterator[Seen]:
    """The second of two strides, given to two layers."""
    for function in code.functions:
        if "stride" not in {arg.arg for arg in function.args.args}:
            continue
        second = {"stride[1]", "stride[-1]"}
        for target, value in code.assignments:
            if code.function(target) is function and isinstance(target, (ast.Tuple, ast.List)):
                second |= {text(target.elts[1])} if text(value) == "stride" and len(target.elts) == 2 else set()
            elif code.function(target) is function and text(value) in second and isinstance(target, ast.Name):
                second.add(target.id)
        calls = [call for call in code.calls if code.function(call) is function]
        values = [(call, part) for call in calls for part in [*call.args, *(k.value for k in call.keywords)]]
        given = [call for call, part in values if code.layer(call) and text(part) in second]
        yield from ((call, "stride[1]") for call in _later(code, list(given)) if isinstance(call, ast.Call))
