"""Whether two neighbouring statements may change places: what each reads and writes, and whom it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# Calls that neither change what they are given nor depend on when they are made, apart from chance.
_PURE = ("nn.", "torch.", "F.", "DataLoader", "OrderedDict", "Figure", "range", "len", "self.", "RestNet")
_PURE_METHODS = ("to", "item", "sum", "argmax", "uniform_", "reshape")
# Pairs of methods of one object whose order does not matter.
_INDEPENDENT = ({"to", "train"}, {"to", "eval"}, {"plot", "set"})
_LEARNING = ("backward", "step", "zero_grad")


def ordered(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements in an order that all orders have in common that differ by exchanges of independent neighbours:
    always the one with the first text among those that no earlier one has to come before."""
    left, found = list(body), []
    while left:
        free = [s for place, s in enumerate(left) if all(commute(earlier, s) for earlier in left[:place])]
        found.append(min(free, key=ast.unparse))
        left.remove(found[-1])
    return found


def commute(one: ast.stmt, two: ast.stmt) -> bool:
    """Whether the order of two statements does not matter."""
    if _is_zero(one) or _is_zero(two):
        return not any(_calls(s) & set(_LEARNING) for s in (one, two) if not _is_zero(s)) and _simple(one, two)
    if isinstance(one, ast.If) and isinstance(two, ast.If):
        return _excluding(one, two)
    if not _simple(one, two) or (_calls(one) & set(_LEARNING) and _calls(two) & set(_LEARNING)):
        return False
    methods = {_method(one), _method(two)}
    if _object(one) and _object(one) == _object(two) and methods in _INDEPENDENT:
        return True
    if {_method(one), _method(two)} == {"to", ""} and any(ast.unparse(s).endswith(".training") for s in (one, two)):
        return True  # moving a model leaves its mode
    free = not (written(one) & (read(two) | written(two)) or written(two) & read(one))
    return free and all(pure(s) or _object(s) for s in (one, two))


def read(statement: ast.stmt) -> set[str]:
    """Names and attributes of ``self`` that a statement reads."""
    return set(_texts(statement, ast.Load))


def written(statement: ast.stmt) -> set[str]:
    """Names and attributes that a statement sets, and objects whose state it may change."""
    found = set(_texts(statement, ast.Store))
    if isinstance(statement, ast.AugAssign):
        found.add(ast.unparse(statement.target))
    called = (node.func for node in ast.walk(statement) if isinstance(node, ast.Call))
    found |= {ast.unparse(func) for func in called if ast.unparse(func).startswith("self.")}
    return found | ({_object(statement)} if _object(statement) else set())


def pure(statement: ast.stmt) -> bool:
    """Whether all that a statement calls only computes."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            text = ast.unparse(node.func)
            method = isinstance(node.func, ast.Attribute) and node.func.attr in _PURE_METHODS
            if not (text.startswith(_PURE) or method):
                return False
    return True


def _texts(statement: ast.stmt, context: type[ast.expr_context]) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self" and isinstance(node.ctx, context):
            yield ast.unparse(node)
        if isinstance(node, ast.Name) and node.id != "self" and isinstance(node.ctx, context):
            yield node.id
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, context):
            yield ast.unparse(node.value)


def _simple(*statements: ast.stmt) -> bool:
    return all(isinstance(s, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr) for s in statements)


def _is_zero(statement: ast.stmt) -> bool:
    return ast.unparse(statement) == "optimizer.zero_grad()"


def _calls(statement: ast.stmt) -> set[str]:
    called = (node.func for node in ast.walk(statement) if isinstance(node, ast.Call))
    return {func.attr for func in called if isinstance(func, ast.Attribute)}


def _method(statement: ast.stmt) -> str:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return call.func.attr if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else ""


def _object(statement: ast.stmt) -> str:
    """The variable whose method is called for what it does."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return call.func.value.id
    return ""


def _excluding(one: ast.If, two: ast.If) -> bool:
    """Whether two conditions cannot both hold: the same name compared with two words."""
    pairs = [
        (ast.unparse(test.left), ast.unparse(test.comparators[0]))
        for test in (one.test, two.test)
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)
    ]
    return len(pairs) == 2 and pairs[0][0] == pairs[1][0] and pairs[0][1] != pairs[1][1]
