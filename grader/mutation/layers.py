"""Operators on layers: which are there, which are used, in which order, how they are held and kept apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise, permutations

from grader.mutation.tree import Edit, Part, Scope, exchange, expression, is_self, names_in, replace, with_fields

_SEQUENCES = ("nn.Sequential", "nn.ModuleList", "nn.ModuleDict", "OrderedDict")
_TENSOR = "torch.Tensor"


def swap_layers(scope: Scope) -> Iterator[Edit]:
    """Two layers are used in each other's place."""
    used = _used(scope)
    seen = list(dict.fromkeys(node.attr for node in used))
    for first, second in ((a, b) for place, a in enumerate(seen) for b in seen[place + 1 :]):
        other = {first: second, second: first}
        changes: dict[int, Part] = {
            id(node): with_fields(node, attr=other[node.attr]) for node in used if node.attr in other
        }
        yield Edit(used[0].lineno, changes)
    for items in _lists(scope):
        for one, two in pairwise(items):
            yield exchange(one, two)


def reuse_layer(scope: Scope) -> Iterator[Edit]:
    """One layer is used twice, and its twin is idle."""
    made = _made(scope)
    for node in _used(scope):
        for name in made:
            if name != node.attr and made[name] == made.get(node.attr):
                yield replace(node, with_fields(node, attr=name))


def skip_layer(scope: Scope) -> Iterator[Edit]:
    """A layer is built and not called, or missing from its container."""
    for call in _layer_calls(scope):
        yield replace(call, call.args[0])
    for items in _lists(scope):
        for item in items:
            yield replace(item, None)


def repeat_layer(scope: Scope) -> Iterator[Edit]:
    """A layer is called twice, or its container holds another of it."""
    for call in _layer_calls(scope):
        yield replace(call, with_fields(call, args=[call]))
    for items in _lists(scope):
        for item in items:
            yield replace(item, [item, item])


def plain_container(scope: Scope) -> Iterator[Edit]:
    """A list, a dictionary or a tensor where PyTorch's own kind registers what it holds."""
    for call in scope.calls("nn.ModuleList", "nn.ModuleDict", "nn.Parameter", "nn.Sequential", "OrderedDict"):
        if len(call.args) == 1 and not call.keywords:
            yield replace(call, call.args[0])
        if ast.unparse(call.func) == "nn.Sequential" and len(call.args) > 1:
            yield replace(call, ast.List(list(call.args), ast.Load()))
    for call in scope.calls("nn.ModuleList"):
        yield replace(call, expression("nn.Sequential(*x)", x=call.args[0]))
    for call in scope.calls("nn.Parameter"):
        yield replace(call, with_fields(call, keywords=[ast.keyword("requires_grad", ast.Constant(False))]))


def duplicate_key(scope: Scope) -> Iterator[Edit]:
    """Two layers have one name, so that the later one takes the place of the earlier."""
    for keys in _keys(scope):
        for one, two in permutations(keys, 2):
            yield replace(two, ast.Constant(one.value))
    for first, second in permutations(_assigned(scope), 2):
        yield Edit(second.lineno, {id(second): with_fields(second, attr=first.attr)})


def detach(scope: Scope) -> Iterator[Edit]:
    """A tensor is cut out of the graph."""
    for node in scope.nodes:
        if _is_tensor(scope, node):
            assert isinstance(node, ast.expr)
            yield replace(node, expression("x.detach()", x=node))
            if isinstance(node, ast.Attribute):
                yield replace(node, expression("x.data", x=node))


def in_place(scope: Scope) -> Iterator[Edit]:
    """A value is overwritten where another should be made."""
    for call in scope.calls("F.relu", "F.dropout", "nn.ReLU"):
        yield replace(call, with_fields(call, keywords=[*call.keywords, ast.keyword("inplace", ast.Constant(True))]))
    for node in scope.of(ast.BinOp):
        assert isinstance(node, ast.BinOp)
        if isinstance(node.op, ast.Add) and all(_is_tensor(scope, side) for side in (node.left, node.right)):
            yield replace(node, expression("a.add_(b)", a=node.left, b=node.right))
            yield replace(node, expression("b.add_(a)", a=node.left, b=node.right))


def local_for_self(scope: Scope) -> Iterator[Edit]:
    """A layer is kept in a variable that is gone when the constructor returns, or looked for in one."""
    for node in (*_assigned(scope), *_used(scope)):
        yield replace(node, ast.Name(node.attr, node.ctx))


def built_in_forward(scope: Scope) -> Iterator[Edit]:
    """A layer is made anew in every pass."""
    forward = next((function for function in scope.functions if function.name == "forward"), None)
    if scope.init is None or forward is None:
        return
    given = {argument.arg for argument in scope.init.args.args} - {"self"}
    head = forward.body[0]
    for statement in scope.init.body:
        kept = isinstance(statement, ast.Assign) and is_self(statement.targets[0])
        if kept and not names_in([statement]) & given:
            yield Edit(statement.lineno, {id(statement): None, id(head): [statement, head]})


def change_activation(scope: Scope) -> Iterator[Edit]:
    """Another activation."""
    for call in scope.calls("F.relu"):
        for other in ("torch.sigmoid", "torch.tanh", "F.leaky_relu", "F.gelu", "F.relu6", "F.softplus", "torch.abs"):
            yield replace(call, with_fields(call, func=expression(other)))
    for call in scope.calls("nn.ReLU"):
        for other in ("Sigmoid", "Tanh", "LeakyReLU", "GELU", "ReLU6", "ELU"):
            yield replace(call, expression(f"nn.{other}()"))
    for call in scope.calls("F.softmax"):
        yield replace(call, with_fields(call, func=expression("F.log_softmax")))
        yield replace(call, with_fields(call, func=expression("F.softmin")))
        yield replace(call, expression("torch.sigmoid(x)", x=call.args[0]))
        yield replace(call, expression("x / x.sum(dim=1, keepdim=True)", x=call.args[0]))


def remove_activation(scope: Scope) -> Iterator[Edit]:
    """An activation, or a pooling, is missing."""
    for call in scope.calls("F.relu", "F.softmax", "F.dropout", "F.max_pool2d"):
        yield replace(call, call.args[0])


def add_activation(scope: Scope) -> Iterator[Edit]:
    """An activation, a softmax or dropout where none should be."""
    for call in _layer_calls(scope):
        yield replace(call, expression("F.relu(x)", x=call))
        yield replace(call, expression("F.dropout(x, 0.5, self.training)", x=call))
    for node in scope.of(ast.Return):
        assert isinstance(node, ast.Return)
        if node.value is not None and _is_tensor(scope, node.value):
            for text in ("F.relu(x)", "F.softmax(x, dim=1)", "F.log_softmax(x, dim=1)", "torch.sigmoid(x)"):
                yield replace(node.value, expression(text, x=node.value))
    for items in _lists(scope):
        for item in (item for item in items if isinstance(item, ast.Call)):
            for text in ("nn.ReLU()", "nn.Dropout(0.5)", "nn.Softmax(dim=1)"):
                yield replace(item, [item, expression(text)])


def bias(scope: Scope) -> Iterator[Edit]:
    """A layer without its bias."""
    for call in scope.calls("nn.Linear", "nn.Conv2d"):
        yield replace(call, with_fields(call, keywords=[*call.keywords, ast.keyword("bias", ast.Constant(False))]))
    for call in scope.calls("F.linear", "F.conv2d"):
        if len(call.args) > 2:
            yield replace(call.args[2], ast.Constant(None))


def norm_options(scope: Scope) -> Iterator[Edit]:
    """Batch normalisation with other settings, or another normalisation."""
    for call in scope.calls("nn.BatchNorm1d", "nn.BatchNorm2d"):
        for text in ("affine=False", "track_running_stats=False", "momentum=0.9", "eps=0.001"):
            name, _, value = text.partition("=")
            keyword = ast.keyword(name, expression(value))
            yield replace(call, with_fields(call, keywords=[*call.keywords, keyword]))
        for text in ("nn.LayerNorm(n)", "nn.GroupNorm(1, n)", "nn.InstanceNorm2d(n)", "nn.Identity()"):
            yield replace(call, expression(text, n=call.args[0]))


def other_layer(scope: Scope) -> Iterator[Edit]:
    """A layer of a related kind."""
    others = {
        "nn.MaxPool2d": "nn.AvgPool2d",
        "F.max_pool2d": "F.avg_pool2d",
        "nn.AdaptiveAvgPool2d": "nn.AdaptiveMaxPool2d",
        "RestNetDownBlock": "RestNetBasicBlock",
        "RestNetBasicBlock": "RestNetDownBlock",
        "F.dropout": "F.alpha_dropout",
        "nn.BatchNorm2d": "nn.BatchNorm1d",
        "nn.BatchNorm1d": "nn.BatchNorm2d",
    }
    for call in scope.calls(*others):
        yield replace(call.func, expression(others[ast.unparse(call.func)]))


def dropout_rate(scope: Scope) -> Iterator[Edit]:
    """Another share is dropped, or in another mode."""
    for call in scope.calls("F.dropout"):
        for text in ("1 - p", "p / 2", "0.5", "p * p"):
            yield replace(call.args[1], expression(text, p=call.args[1]))
        for keyword in call.keywords:
            for text in ("True", "False", "not t", "torch.is_grad_enabled()"):
                yield replace(keyword.value, expression(text, t=keyword.value))


def initial_values(scope: Scope) -> Iterator[Edit]:
    """Parameters that start from other values."""
    for call in scope.calls("torch.zeros", "torch.empty"):
        for other in ("torch.ones", "torch.randn", "torch.zeros"):
            yield replace(call.func, expression(other))
    for call in scope.calls():
        if isinstance(call.func, ast.Attribute) and call.func.attr.endswith("_") and call.func.attr[0] != "_":
            yield replace(call, expression("x.zero_()", x=call.func.value))
            yield replace(call, expression("x.fill_(1.0)", x=call.func.value))


def _made(scope: Scope) -> dict[str, str]:
    """What the constructor keeps in ``self``: the name, and the kind of layer."""
    return {
        target.attr: ast.unparse(statement.value.func)
        for statement in (scope.init.body if scope.init else ())
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        for target in statement.targets
        if isinstance(target, ast.Attribute)
    }


def _assigned(scope: Scope) -> list[ast.Attribute]:
    return [n for n in scope.nodes if isinstance(n, ast.Attribute) and is_self(n) and isinstance(n.ctx, ast.Store)]


def _used(scope: Scope) -> list[ast.Attribute]:
    """Layers and parameters of ``self`` where they are used."""
    made = _made(scope)
    return [
        node
        for node in scope.nodes
        if isinstance(node, ast.Attribute)
        and is_self(node)
        and isinstance(node.ctx, ast.Load)
        and node.attr in made
        and scope.function_of(node) is not scope.init
    ]


def _layer_calls(scope: Scope) -> Iterator[ast.Call]:
    for call in scope.calls():
        text = ast.unparse(call.func)
        if len(call.args) == 1 and (is_self(call.func) or text.startswith("self.layers[") or text == "layer"):
            yield call


def _lists(scope: Scope) -> Iterator[list[ast.expr]]:
    """The layers of every container that is written out, and the names that a loop goes through."""
    for call in scope.calls(*_SEQUENCES):
        items = call.args
        if len(items) == 1 and isinstance(items[0], ast.List):
            items = items[0].elts
        if len(items) == 1 and isinstance(items[0], ast.Dict):
            continue  # its keys and values are two lists; see `_keys`
        if items and (len(items) > 1 or isinstance(items[0], ast.Call)):
            yield list(items)
    for loop in scope.of(ast.For):
        if isinstance(loop, ast.For) and isinstance(loop.iter, ast.List):
            yield loop.iter.elts


def _keys(scope: Scope) -> Iterator[list[ast.Constant]]:
    pairs = [
        node.elts[0]
        for node in scope.of(ast.Tuple)
        if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[1], ast.Call)
    ]
    adds = [
        call.args[0]
        for call in scope.calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add_module"
    ]
    dicts = [key for node in scope.of(ast.Dict) if isinstance(node, ast.Dict) for key in node.keys]
    for keys in (pairs, adds, dicts):
        yield [key for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]


def _is_tensor(scope: Scope, node: ast.AST) -> bool:
    """Whether it is likely to be a tensor that is read: a name, a parameter of ``self``, a layer's result."""
    parent = scope.parents.get(id(node))
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and not isinstance(parent, ast.Attribute):
        return node.id in _tensors(scope.function_of(node))
    if isinstance(node, ast.Attribute) and is_self(node) and isinstance(node.ctx, ast.Load):
        return _made(scope).get(node.attr) == "nn.Parameter" and scope.function_of(node) is not scope.init
    if isinstance(node, ast.Call):
        text = ast.unparse(node.func)
        tensors = text.startswith(("F.", "self.", "criterion", "model(")) or text in ("model", "layer")
        return tensors and not isinstance(parent, ast.Attribute | ast.Expr)
    return False


def _tensors(function: ast.FunctionDef) -> set[str]:
    given = {a.arg for a in function.args.args if a.annotation and ast.unparse(a.annotation) == _TENSOR}
    if not (given or function.name in ("train_one_epoch", "evaluate")):
        return set()
    return given | {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
