"""Operators on values: numbers, words, names, arguments, signs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations, pairwise

from grader.mutation.tree import Edit, Part, Scope, exchange, expression, is_self, replace, with_fields

_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.Pow: (ast.Mult, ast.Div),
    ast.FloorDiv: (ast.Div,),
}
_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq, ast.Lt, ast.GtE, ast.Is),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.Gt: (ast.GtE, ast.LtE),
}
_TENSOR = "torch.Tensor"
_MODULES = ("nn", "F", "torch", "torch.optim", "nn.init")


def constant(scope: Scope) -> Iterator[Edit]:
    """A number is one off, doubled or nothing; true is false; a word is another."""
    for node in scope.of(ast.Constant):
        assert isinstance(node, ast.Constant)
        if isinstance(scope.parents.get(id(node)), ast.JoinedStr):
            continue  # words of a message
        for value in _others(node.value):
            yield replace(node, ast.Constant(value))


def _others(value: object) -> list[bool | int | float | str | None]:
    if isinstance(value, bool):
        return [not value, None]
    if isinstance(value, int):
        return [value + 1, value - 1, 2 * value, value // 2]
    if isinstance(value, float):
        return [value + 1.0, 2 * value, -value, value / 2]
    return ["", value + "_", value.upper()] if isinstance(value, str) else []


def arithmetic(scope: Scope) -> Iterator[Edit]:
    """Another operator; one operand alone; a sign lost; a total that is set, not added to."""
    for node in scope.of(ast.BinOp, ast.AugAssign, ast.UnaryOp):
        if isinstance(node, ast.UnaryOp):
            yield replace(node, node.operand)
        elif isinstance(node, ast.BinOp):
            for other in _ARITHMETIC.get(type(node.op), ()):
                yield replace(node, with_fields(node, op=other()))
            yield replace(node, node.left)
            yield replace(node, node.right)
        elif isinstance(node, ast.AugAssign):
            for other in _ARITHMETIC.get(type(node.op), ()):
                yield replace(node, with_fields(node, op=other()))
            yield replace(node, ast.Assign([node.target], node.value, lineno=node.lineno))


def comparison(scope: Scope) -> Iterator[Edit]:
    """Another comparison."""
    for node in scope.of(ast.Compare):
        assert isinstance(node, ast.Compare)
        for other in _COMPARED.get(type(node.ops[0]), ()):
            yield replace(node, with_fields(node, ops=[other()]))


def swap_arguments(scope: Scope) -> Iterator[Edit]:
    """Two arguments of a call change places."""
    for call in scope.calls():
        for first, second in pairwise(call.args):
            yield exchange(first, second)
        for one, two in combinations(call.keywords, 2):
            yield exchange(one.value, two.value)


def drop_argument(scope: Scope) -> Iterator[Edit]:
    """An argument is left out."""
    for call in scope.calls():
        for argument in (*call.args, *call.keywords):
            yield Edit(call.lineno, {id(argument): None})


def wrong_name(scope: Scope) -> Iterator[Edit]:
    """Another variable of the same kind is read: an older value, the other loader, the other size."""
    for function in scope.functions:
        kinds = _kinds(function)
        for node in scope.nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and scope.function_of(node) is function:
                for name in sorted(kinds.get(node.id, set()) - {node.id}):
                    yield replace(node, ast.Name(name, ast.Load()))


def _kinds(function: ast.FunctionDef) -> dict[str, set[str]]:
    """For each variable, those that could be mistaken for it: equal annotations; locals, with each other and with
    tensors."""
    given = {a.arg: ast.unparse(a.annotation) if a.annotation else "" for a in function.args.args if a.arg != "self"}
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    tensors = {name for name, kind in given.items() if kind == _TENSOR}
    kinds = {name: {other for other, its in given.items() if its == kind} for name, kind in given.items()}
    return kinds | {name: stored | tensors | kinds.get(name, set()) for name in stored | tensors}


def exchange_names(scope: Scope) -> Iterator[Edit]:
    """Two arguments of the same kind are mistaken for each other throughout."""
    for function in scope.functions:
        given = {a.arg: ast.unparse(a.annotation) for a in function.args.args if a.annotation}
        for first, second in combinations(given, 2):
            if given[first] == given[second]:
                other = {first: second, second: first}
                changes: dict[int, Part] = {
                    id(node): ast.Name(other[node.id], node.ctx)
                    for node in scope.nodes
                    if isinstance(node, ast.Name) and node.id in other and scope.function_of(node) is function
                }
                yield Edit(function.lineno, changes)


def index(scope: Scope) -> Iterator[Edit]:
    """An index is dropped, or another one of the function's is used."""
    for node in scope.of(ast.Subscript):
        assert isinstance(node, ast.Subscript)
        yield replace(node, node.value)
        others = {ast.unparse(o.slice): o.slice for o in scope.of(ast.Subscript) if isinstance(o, ast.Subscript)}
        for other in others.values():
            yield replace(node.slice, other)


def drop_method(scope: Scope) -> Iterator[Edit]:
    """A method is not called: a tensor where a number should be, a sum that is none."""
    for call in scope.calls():
        if isinstance(scope.parents[id(call)], ast.Expr) or not isinstance(call.func, ast.Attribute):
            continue
        if not is_self(call.func) and ast.unparse(call.func.value) not in (*_MODULES, "super()"):
            yield replace(call, call.func.value)


def drop_parentheses(scope: Scope) -> Iterator[Edit]:
    """A function is named, not called."""
    for call in scope.calls():
        if not call.args and not call.keywords:
            yield replace(call, call.func)


def wrong_dimension(scope: Scope) -> Iterator[Edit]:
    """Another dimension for softmax or argmax, one that is kept, or a batch that is not."""
    for call in scope.calls():
        for keyword in call.keywords:
            if keyword.arg == "dim":
                for text in ("0", "-1", "-2", "2", "None", "(0, 1)"):
                    yield replace(keyword.value, expression(text))
                yield Edit(call.lineno, {id(keyword): [keyword, ast.keyword("keepdim", ast.Constant(True))]})
        if ast.unparse(call.func) == "nn.Flatten":
            for text in ("nn.Flatten(0)", "nn.Flatten(2)", "nn.Flatten(1, 2)", "nn.Identity()"):
                yield replace(call, expression(text))
        if isinstance(call.func, ast.Attribute) and call.func.attr == "reshape":
            for text in ("x.squeeze()", "x.flatten()", "x.transpose(0, 1).flatten(1)", "x.flatten(2)"):
                yield replace(call, expression(text, x=call.func.value))


def denominator(scope: Scope) -> Iterator[Edit]:
    """A mean that divides by something else, or counts batches."""
    loaders = [a.arg for function in scope.functions for a in function.args.args if a.arg.endswith("loader")]
    texts = [t for name in loaders for t in (f"len({name})", f"len({name}.dataset)", f"{name}.batch_size")]
    for node in scope.of(ast.BinOp):
        assert isinstance(node, ast.BinOp)
        if isinstance(node.op, ast.Div):
            for text in (*texts, "max(1, n - 1)"):
                yield replace(node.right, expression(text, n=node.right))
    for call in scope.calls("len"):
        for text in (*texts, "1"):
            yield replace(call, expression(text))
