"""Operators on statements: lost, doubled, in another order, on the wrong side of a loop's border."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from grader.mutation.tree import Body, Edit, Scope, exchange, replace, with_fields

_FIXED = (ast.Return, ast.Import, ast.ImportFrom, ast.FunctionDef)


def delete_statement(scope: Scope) -> Iterator[Edit]:
    """A statement is missing."""
    for body in scope.blocks:
        for statement in body:
            if not isinstance(statement, _FIXED):
                yield replace(statement, None)


def repeat_statement(scope: Scope) -> Iterator[Edit]:
    """A statement stands there twice."""
    for body in scope.blocks:
        for statement in body:
            if not isinstance(statement, _FIXED):
                yield replace(statement, [statement, statement])


def permute_statements(scope: Scope) -> Iterator[Edit]:
    """Two neighbours change places: zero_grad, backward, step, and all others."""
    for body in scope.blocks:
        for first, second in pairwise(body):
            if not isinstance(second, _FIXED) and not isinstance(first, _FIXED):
                yield exchange(first, second)


def across_border(scope: Scope) -> Iterator[Edit]:
    """A statement is on the wrong side of the border of a loop, a `with` or an `if`."""
    for body in scope.blocks:
        for place, block in enumerate(body):
            if isinstance(block, ast.For | ast.With | ast.If):
                yield from _moved_out(block)
                yield from _moved_in(block, body, place)


def _moved_out(block: ast.For | ast.With | ast.If) -> Iterator[Edit]:
    first, *rest = block.body
    if rest:
        yield Edit(first.lineno, {id(block): [first, _with_body(block, rest)]})
    *rest, last = block.body
    if rest:
        yield Edit(last.lineno, {id(block): [_with_body(block, rest), last]})


def _moved_in(block: ast.For | ast.With | ast.If, body: Body, place: int) -> Iterator[Edit]:
    if place and not isinstance(body[place - 1], ast.If):
        before = body[place - 1]
        yield Edit(before.lineno, {id(before): None, id(block): _with_body(block, [before, *block.body])})
    if place + 1 < len(body):
        after = body[place + 1]
        yield Edit(after.lineno, {id(after): None, id(block): _with_body(block, [*block.body, after])})


def unwrap(scope: Scope) -> Iterator[Edit]:
    """A `with`, an `if` or a loop is gone, and what stood in it is not."""
    for node in scope.of(ast.With, ast.If, ast.For):
        assert isinstance(node, ast.With | ast.If | ast.For)
        yield replace(node, list(node.body))


def discard_result(scope: Scope) -> Iterator[Edit]:
    """A result is computed and not kept."""
    for node in scope.of(ast.Assign, ast.AugAssign):
        assert isinstance(node, ast.Assign | ast.AugAssign)
        if isinstance(node.value, ast.Call):
            yield replace(node, ast.Expr(node.value))


def drop_return(scope: Scope) -> Iterator[Edit]:
    """The word `return` is missing, or returns nothing."""
    for node in scope.of(ast.Return):
        assert isinstance(node, ast.Return)
        if node.value is not None:
            yield replace(node, ast.Expr(node.value))


def stop_early(scope: Scope) -> Iterator[Edit]:
    """A loop ends after its first round, or goes on to the next before its end."""
    for node in scope.of(ast.For):
        assert isinstance(node, ast.For)
        last = node.body[-1]
        yield Edit(last.lineno, {id(last): [last, ast.Break()]})
        yield Edit(last.lineno, {id(last): [ast.Continue(), last]})


def _with_body(block: ast.stmt, body: Body) -> ast.stmt:
    new = with_fields(block, body=body)
    assert isinstance(new, ast.stmt)
    return new
