"""Source code as a tree, and the names in it: what a module binds and imports, what a function takes from outside."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

TEXT_CAP = 400_000  # characters of one file or cell; of a longer one nothing is said
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
CALLABLES = (*FUNCTIONS, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Definition:
    """What a name is bound to at the top level, and where."""

    name: str
    node: ast.stmt
    file: str


def parsed(text: str | bytes) -> ast.Module | None:
    """The tree of a file or a cell; None where Python cannot read it, or it is too long to be code."""
    if len(text) > TEXT_CAP:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError):  # ValueError: null bytes
        return None


def bindings(body: Iterable[ast.stmt], file: str) -> Iterator[Definition]:
    """Everything that statements bind, in their order, inside conditions too; not what only a script would run."""
    for node in body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield Definition(node.name, node, file)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                names = (name.id for name in ast.walk(target) if isinstance(name, ast.Name))
                yield from (Definition(name, node, file) for name in names)
        elif not (isinstance(node, ast.If) and "__main__" in ast.dump(node.test)):
            for field in ("body", "orelse", "finalbody"):
                yield from bindings(getattr(node, field, []), file)
            for handler in getattr(node, "handlers", []):
                yield from bindings(handler.body, file)


def imports(trees: Iterable[ast.Module]) -> tuple[dict[str, str], list[str]]:
    """What imported names stand for, and the modules of which everything was imported."""
    origins: dict[str, str] = {}
    stars: list[str] = []
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    origins[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module:
                stars += [node.module for alias in node.names if alias.name == "*"]
                origins |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return origins, stars


def free_names(node: ast.AST, bound: frozenset[str], modules: Collection[str]) -> Iterator[str]:
    """The names that a definition takes from the module around it, and from the submission's other `modules`."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in bound:
        yield node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
        yield node.attr
    if isinstance(node, (*CALLABLES, *COMPREHENSIONS)):
        bound = bound | own_names(node)
    for child in ast.iter_child_nodes(node):
        yield from free_names(child, bound, modules)


def own_names(scope: ast.AST) -> set[str]:
    """The names of a function's own: arguments, and whatever is assigned, defined or imported in it."""
    own: set[str] = set()
    taken: set[str] = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            own.add(node.id)
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node is not scope:
            own.add(node.name)
        elif isinstance(node, ast.alias):
            own.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            own.add(node.name)
        elif isinstance(node, ast.Global):
            taken.update(node.names)
    return own - taken


def imported(text: str | bytes) -> list[str]:
    """The names of the modules that a text imports, without the dots of relative imports."""
    try:
        tree = parsed(text)
    except (RecursionError, MemoryError):
        return []
    return imported_by(tree) if tree else []


def imported_by(tree: ast.Module) -> list[str]:
    """The names of the modules that a tree imports, without the dots of relative imports."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            below = [f"{node.module}.{alias.name}" if node.module else alias.name for alias in node.names]
            names += [node.module or "", *below]
    return [name for name in names if name]
