"""Mutants that are none: rules that show them to behave as the exercise asks, each with its reason.

A rule rewrites a tree into a plainer one that behaves the same, as far as the exercises can tell. A mutant whose plain
form is the solution's is equivalent. Nothing here trusts that: equivalent mutants are graded like all others, and
one that loses a mark is a false alarm, or a wrong rule.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

from grader.language import N_
from grader.mutation import Mutant, commuting, exercise_in
from grader.mutation.tree import with_fields

Tree = ast.ClassDef | ast.FunctionDef
# Of these a second call in a row changes nothing.
_TWICE = ("to", "train", "eval", "zero_grad", "__init__", "add_module", "set", "flatten", "Flatten", "ReLU", "relu",
          "AdaptiveAvgPool2d", "avgpool", "no_grad", "detach", "reshape")  # fmt: skip
_DEFAULTS = {
    "nn.Conv2d": {"stride": "1", "padding": "0"},
    "F.conv2d": {"stride": "1", "padding": "0"},
    "DataLoader": {"shuffle": "False"},
    "nn.AdaptiveAvgPool2d": {},
    "loss.backward": {"retain_graph": "True"},
    "torch.optim.SGD": {"foreach": "False"},
    "torch.optim.Adam": {"foreach": "False"},
}
_MADE = ("torch.zeros", "torch.ones", "torch.randn", "torch.empty")
_FILLED = (".uniform_(-bound, bound)", ".zero_()", ".fill_(1.0)")
_LAYERS = ("nn.Flatten", "nn.Linear", "nn.BatchNorm1d", "nn.BatchNorm2d", "nn.ReLU", "nn.Conv2d", "nn.Identity")
_VIEWS = ("nn.Flatten", "nn.Identity", "self.flatten")  # what they return may be what they were given


def reason(source: str, mutant: Mutant) -> str:
    """Why a mutant must keep full marks, or nothing."""
    for why, rule in RULES.items():
        if _plain(source, mutant.exercise, rule) == ast.unparse(rule(exercise_in(mutant.source, mutant.exercise))):
            return why
    return ""


@lru_cache(maxsize=256)
def _plain(source: str, exercise: str, rule: Callable[[Tree], Tree]) -> str:
    return ast.unparse(rule(exercise_in(source, exercise)))


def _rewritten(change: Callable[[ast.AST], ast.AST]) -> Callable[[Tree], Tree]:
    """A rule that changes nodes one by one, the innermost first."""

    class Rewriter(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return change(super().generic_visit(node))

    def rule(tree: Tree) -> Tree:
        new = Rewriter().visit(tree)
        assert isinstance(new, ast.ClassDef | ast.FunctionDef)
        return new

    return rule


def _once(node: ast.AST) -> ast.AST:
    """What is done twice in a row, where once is the same."""
    for name, value in ast.iter_fields(node):
        if isinstance(value, list) and not (isinstance(node, ast.Dict)):
            kept = [item for place, item in enumerate(value) if not (place and _again(value[place - 1], item))]
            node = with_fields(node, **{name: kept})
    if isinstance(node, ast.Call) and len(node.args) == 1:
        inner = node.args[0]
        if isinstance(inner, ast.Call) and _name(inner) in _TWICE and _name(node) == _name(inner):
            return inner
    return node


def _again(first: object, second: object) -> bool:
    if not isinstance(first, ast.AST) or not isinstance(second, ast.AST):
        return False
    if isinstance(second, ast.Tuple) and isinstance(first, ast.Tuple) and len(second.elts) == 2:
        return ast.dump(first) == ast.dump(second)  # a name and its layer: the later takes the earlier one's place
    if ast.dump(first) != ast.dump(second):
        return False
    if isinstance(second, ast.If | ast.Raise | ast.Return):
        return isinstance(second, ast.Raise) or not isinstance(second, ast.If) or _leaves(second)
    if isinstance(second, ast.Constant):
        return second.value in _TWICE
    if isinstance(second, ast.Assign | ast.AnnAssign):
        own = commuting.written(second)
        calls_own = any("self." in text and text not in _targets(second) for text in own)
        return (not own & commuting.read(second) and commuting.pure(second) and not calls_own) or _settled(second)
    if isinstance(second, ast.Expr):
        return isinstance(second.value, ast.Call) and _name(second.value) in _TWICE
    return isinstance(second, ast.Call) and _name(second) in _TWICE


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    return [ast.unparse(t) for t in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])]


def _settled(statement: ast.Assign | ast.AnnAssign) -> bool:
    """Whether it is ``x = x.to(…)`` or the like: x stays what it is by then."""
    call = statement.value
    if not isinstance(call, ast.Call) or _name(call) not in _TWICE:
        return False
    given = [ast.unparse(argument) for argument in call.args]
    if isinstance(call.func, ast.Attribute):
        given.append(ast.unparse(call.func.value))
    return _targets(statement)[0] in given


def _leaves(block: ast.If) -> bool:
    return isinstance(block.body[-1], ast.Return | ast.Raise)


def _ordered(node: ast.AST) -> ast.AST:
    """Neighbours that do not depend on each other, in the order of their text."""
    for name in ("body", "orelse"):
        body = getattr(node, name, None)
        if isinstance(body, list) and body:
            node = with_fields(node, **{name: commuting.ordered(body)})
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "nn.ModuleDict":
        for table in (argument for argument in node.args if isinstance(argument, ast.Dict)):
            rows = sorted(zip(table.keys, table.values, strict=True), key=lambda row: ast.dump(row[1]))
            new = ast.Dict([key for key, _ in rows], [value for _, value in rows])
            node = with_fields(node, args=[new])
    return node


def _without_defaults(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.Call) and ast.unparse(node.func) in _DEFAULTS:
        usual = _DEFAULTS[ast.unparse(node.func)]
        kept = [k for k in node.keywords if usual.get(str(k.arg)) != ast.unparse(k.value)]
        node = with_fields(node, keywords=kept)
        if ast.unparse(node) == "nn.AdaptiveAvgPool2d(output_size=(1, 1))":
            return ast.parse("nn.AdaptiveAvgPool2d(1)", mode="eval").body
    return node


def _free_start(node: ast.AST) -> ast.AST:
    """Every parameter starts from the same values, whatever it was filled with."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "nn.Parameter" and node.args):
        return node
    value = node.args[0]
    while (
        isinstance(value, ast.Call) and ast.unparse(value).endswith(_FILLED) and isinstance(value.func, ast.Attribute)
    ):
        value = value.func.value
    if isinstance(value, ast.Call) and ast.unparse(value.func) in _MADE:
        return with_fields(node, args=[with_fields(value, func=ast.parse("torch.empty", mode="eval").body)])
    return node


def _not_in_place(tree: Tree) -> Tree:
    """What is overwritten was made a moment ago, and nobody else has it."""
    stored = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)]
    given = {
        argument.arg for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for argument in node.args.args
    }
    fresh = {ast.unparse(node.targets[0]) for node in stored} - given
    layers = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) in _LAYERS]
    layers.sort(key=lambda call: (call.lineno, call.col_offset))
    before = {id(second): first for first, second in pairwise(layers)}
    # ``x`` where the line before has just made it
    lines = [pair for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) for pair in pairwise(n.body)]
    anew = {id(n) for one, two in lines if one in stored for n in ast.walk(two) if _name_is(n, one)}

    def made(node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            return ast.unparse(node.func) not in _VIEWS
        return isinstance(node, ast.BinOp) or (isinstance(node, ast.Name) and (node.id in fresh or id(node) in anew))

    def change(node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.Call):
            return node
        plain = with_fields(node, keywords=[k for k in node.keywords if k.arg != "inplace"])
        text = ast.unparse(node.func)
        if text == "F.relu" and node.args and made(node.args[0]):
            return plain
        if text == "nn.ReLU" and id(node) in before and made(before[id(node)]):
            return plain
        if isinstance(node.func, ast.Attribute) and node.func.attr == "add_" and node.args and made(node.func.value):
            return ast.BinOp(node.func.value, ast.Add(), node.args[0])
        return node

    return _rewritten(change)(tree)


def _without_needless_calls(node: ast.AST) -> ast.AST:
    """Cutting data that needs no gradient out of the graph; summing one number up."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        text = ast.unparse(node.func.value)
        if node.func.attr == "detach" and text.endswith(("inputs", "targets", "predictions", "argmax(dim=1)")):
            return node.func.value
        if node.func.attr == "sum" and text.startswith("criterion("):
            return node.func.value
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "len" and "inputs" in (text := ast.unparse(node)):
        return node if "[" in text else ast.parse("len(inputs)", mode="eval").body
    if ast.unparse(node) == "list(model.parameters())" and isinstance(node, ast.Call):
        return node.args[0]
    return node


def _name_is(node: ast.AST, assignment: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Name)
        and isinstance(assignment, ast.Assign)
        and node.id == ast.unparse(assignment.targets[0])
    )


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


RULES: dict[str, Callable[[Tree], Tree]] = {
    N_("done twice in a row, it is done"): _rewritten(_once),
    N_("neither line needs the other, so their order does not matter"): _rewritten(_ordered),
    N_("the argument says, or leaves out, what holds anyway"): _rewritten(_without_defaults),
    N_("the values that parameters start from are up to the student"): _rewritten(_free_start),
    N_("what is overwritten was made a moment ago, and nobody else has it"): _not_in_place,
    N_("nothing needs a gradient there, or there is one number only"): _rewritten(_without_needless_calls),
}
