"""Facts about what functions give back, and what they draw.

Each function finds all places of one fact, each with a detail in a word or two. See `facts.DETECTORS` for their names.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from itertools import pairwise

from grader.worker.bindings import FUNCTIONS
from grader.worker.excerpt import Excerpt
from grader.worker.facts_names import Seen, last, methods, parameters, text

_STUBS = (ast.Pass, ast.Raise)
_PYPLOT = "matplotlib.pyplot."
_EXCEPTIONS = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
)
_TITLES = frozenset(["title", "suptitle", "xlabel", "ylabel", "legend"])
_LINES = frozenset(["plot", "semilogy", "semilogx", "loglog", "errorbar"])
_NEW = frozenset(["figure", "subplots", "subplot", "plot", "axes", "subplot_mosaic"])


def returns_missing(code: Excerpt) -> Iterator[Seen]:
    """A ``forward``, or the exercise's own function, that never returns a value."""
    root = code.root.node if code.root else None
    forwards = [node for owner in code.classes for node in methods(owner, "forward")]
    for function in forwards + ([root] if isinstance(root, FUNCTIONS) else []):
        gives = any(isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom)) and n.value for n in code.own(function))
        stub = all(isinstance(node, _STUBS) or _says_nothing(node) for node in function.body)
        if not gives and not stub and not function.decorator_list:
            yield function, function.name


def _says_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def exceptions_returned(code: Excerpt) -> Iterator[Seen]:
    """An exception that is made and given back, where it was meant to be raised."""
    for node in code.nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            name = text(node.value.func if isinstance(node.value, ast.Call) else node.value)
            if name in _EXCEPTIONS and name not in code.definitions:
                yield node, name


def defaults_given(code: Excerpt) -> Iterator[Seen]:
    """What belongs to one of several names is given for every other name too, known or not."""
    root = code.root.node if code.root else None
    if not isinstance(root, FUNCTIONS) or any(isinstance(node, (ast.Raise, ast.Assert)) for node in code.nodes):
        return
    given = set(parameters(root))
    tests = [node.test for node in code.own(root) if isinstance(node, (ast.If, ast.IfExp))]
    if any(isinstance(test, ast.Compare) and _asks_for_a_name(test, given) for test in tests):
        for place in _otherwise(root.body):
            value = place.value if isinstance(place, ast.Return) else place
            if value is not None and not isinstance(value, ast.Constant) and not _is_exception(value):
                yield place, last(text(value.func)) if isinstance(value, ast.Call) else ""


def _is_exception(node: ast.AST) -> bool:
    return text(node.func if isinstance(node, ast.Call) else node) in _EXCEPTIONS


def _asks_for_a_name(test: ast.Compare, given: set[str]) -> bool:
    sides = [test.left, *test.comparators]
    words = [side for side in sides if isinstance(side, ast.Constant) and isinstance(side.value, str)]
    return isinstance(test.ops[0], ast.Eq) and bool(words) and any(text(side) in given for side in sides)


def _otherwise(body: list[ast.stmt]) -> Iterator[ast.Return | ast.expr]:
    """What is returned where no condition held."""
    final = body[-1]
    if isinstance(final, ast.Return) and isinstance(final.value, ast.IfExp):
        yield final.value.orelse
    elif isinstance(final, ast.Return) and any(isinstance(node, ast.If) for node in body):
        yield final
    elif isinstance(final, ast.If) and final.orelse:
        if isinstance(final.orelse[-1], ast.Return):
            yield final.orelse[-1]
        else:
            yield from _otherwise(final.orelse)


def figures_closed(code: Excerpt) -> Iterator[Seen]:
    """The current figure asked for after it was closed: that is a new, empty one."""
    closed: ast.Call | None = None
    for call in code.calls:
        name = code.dotted(call.func)
        if not name.startswith(_PYPLOT):
            continue
        if last(name) == "close":
            closed = call
        elif last(name) in _NEW:
            closed = None
        elif last(name) in ("gcf", "savefig", "gca") and closed and code.function(closed) is code.function(call):
            yield call, last(name)


def titles_early(code: Excerpt) -> Iterator[Seen]:
    """A title or label given to the current figure before the figure is made."""
    for function in code.functions:
        calls = [node for node in code.own(function) if isinstance(node, ast.Call)]
        drawn = [call for call in calls if code.dotted(call.func).startswith(_PYPLOT)]
        names = [last(code.dotted(call.func)) for call in drawn]
        first = next((index for index, name in enumerate(names) if name in _NEW), 0)
        if names and names[first] in ("figure", "subplots"):
            early = [call for call, name in zip(drawn[:first], names, strict=False) if name in _TITLES]
            yield from ((call, last(code.dotted(call.func))) for call in early)


def several_figures(code: Excerpt) -> Iterator[Seen]:
    """A second figure, where one is asked for."""
    for function in code.functions:
        made = [node for node in code.own(function) if isinstance(node, ast.Call) and _is_figure(code, node)]
        for earlier, later in pairwise(made):
            if not code.exclusive(earlier, later):
                yield later, last(code.dotted(later.func))


def _is_figure(code: Excerpt, node: ast.expr) -> bool:
    name = code.dotted(node.func) if isinstance(node, ast.Call) else ""
    return name == "matplotlib.figure.Figure" or (name.startswith(_PYPLOT) and last(name) in ("figure", "subplots"))


def figures_cleared(code: Excerpt) -> Iterator[Seen]:
    """A figure emptied after everything was drawn."""
    figures = {text(target) for target, value in code.assignments if _is_figure(code, value)} | {"fig", "figure"}
    for call in code.calls:
        name = code.dotted(call.func)
        of_figure = isinstance(call.func, ast.Attribute) and call.func.attr in ("clear", "clf")
        if (of_figure and text(call.func).rpartition(".")[0] in figures) or name in (f"{_PYPLOT}clf", f"{_PYPLOT}cla"):
            later = [other for other in code.calls if code.order[other] > code.order[call]]
            if not any(isinstance(other.func, ast.Attribute) and other.func.attr in _NEW for other in later):
                yield call, text(call.func)


def no_lines(code: Excerpt) -> Iterator[Seen]:
    """Dots or bars, and no line."""
    root = code.root.node if code.root else None
    called = [(call, call.func.attr) for call in code.calls if isinstance(call.func, ast.Attribute)]
    if "history" in parameters(root) and not any(name in _LINES for _, name in called):
        yield from ((call, name) for call, name in called if name in ("scatter", "bar", "barh", "hist"))


def rounded(code: Excerpt) -> Iterator[Seen]:
    """A number rounded before it is returned or kept, not just for printing."""
    for call in code.calls:
        name = code.dotted(call.func)
        if name in ("round", "numpy.round", "np.round", "numpy.around") and _is_result(code, call):
            yield call, last(name)


def floored(code: Excerpt) -> Iterator[Seen]:
    """A result divided with ``//``, which forgets all after the point."""
    if {"model", "loader"} & set(parameters(code.root.node if code.root else None)):
        for node in code.nodes:
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv) and _is_result(code, node):
                yield node, text(node.left)


def _is_result(code: Excerpt, node: ast.AST) -> bool:
    """Whether a value is returned or kept: not printed, and no part of a text or of an index."""
    for parent in code.above(node):
        if isinstance(parent, (ast.JoinedStr, ast.Subscript)):
            return False
        if isinstance(parent, ast.Call) and text(parent.func) in ("print", "str", "range", "tqdm"):
            return False
        if isinstance(parent, ast.Return) or (isinstance(parent, ast.Call) and text(parent.func).endswith(".append")):
            return True
        if isinstance(parent, ast.Call) and last(code.dotted(parent.func)) == "append":
            return True
    return False


def returns_in_loops(code: Excerpt) -> Iterator[Seen]:
    """A return that ends a loop in its first turn."""
    for node in code.nodes:
        if isinstance(node, ast.Return):
            parent = code.parents.get(node)
            while isinstance(parent, ast.With):
                parent = code.parents.get(parent)
            if isinstance(parent, ast.For):
                yield node, text(parent.iter)
