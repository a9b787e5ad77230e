"""One exercise of a solution as a tree: walking it, and copies of it with something else in one place."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

Part = ast.AST | list[ast.stmt] | list[ast.expr] | list[ast.keyword] | None
Body = list[ast.stmt]
_BLOCKS = ("body", "orelse", "finalbody")
# What students neither write nor change: signatures are fixed, annotations do nothing.
_LEFT_ALONE = ("args", "returns", "annotation", "decorator_list", "bases", "keywords", "type_params")


@dataclass(frozen=True)
class Edit:
    """What an operator does: `changes` maps ids of nodes to what stands there instead (nothing, one, or several)."""

    line: int
    changes: Mapping[int, Part]


@dataclass(frozen=True)
class Scope:
    """The class or function of one exercise, without docstrings. Operators read it and change nothing in it."""

    root: ast.ClassDef | ast.FunctionDef
    _parents: dict[int, ast.AST] = field(default_factory=dict, repr=False)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the bodies, in the order of the text, without annotations."""
        return tuple(node for function in self.functions for node in _walk(function))

    @cached_property
    def functions(self) -> tuple[ast.FunctionDef, ...]:
        """The function itself, or the methods of the class."""
        if isinstance(self.root, ast.FunctionDef):
            return (self.root,)
        return tuple(node for node in self.root.body if isinstance(node, ast.FunctionDef))

    @cached_property
    def init(self) -> ast.FunctionDef | None:
        """The constructor, if there is one."""
        return next((function for function in self.functions if function.name == "__init__"), None)

    @cached_property
    def parents(self) -> Mapping[int, ast.AST]:
        """The node above each node, by id."""
        above = ((id(child), node) for node in ast.walk(self.root) for child in ast.iter_child_nodes(node))
        return dict(above)

    def of(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """All nodes of these kinds."""
        return (node for node in self.nodes if isinstance(node, kinds))

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """All calls of what is spelled like one of `names`; all calls, where there are none."""
        for node in self.nodes:
            if isinstance(node, ast.Call) and (not names or ast.unparse(node.func) in names):
                yield node

    @cached_property
    def blocks(self) -> tuple[Body, ...]:
        """Every list of statements, outer ones first."""
        found: list[Body] = []
        for function in self.functions:
            found.append(function.body)
            for node in _walk(function):
                if node is not function:
                    found += [body for name in _BLOCKS if (body := getattr(node, name, None)) and _statements(body)]
        return tuple(found)

    def function_of(self, node: ast.AST) -> ast.FunctionDef:
        """The function in which a node stands."""
        while not isinstance(node, ast.FunctionDef):
            node = self.parents[id(node)]
        return node

    def statement_of(self, node: ast.AST) -> ast.stmt:
        """The statement in which a node stands."""
        while not isinstance(node, ast.stmt):
            node = self.parents[id(node)]
        return node

    def edited(self, edit: Edit) -> ast.AST:
        """A copy of the exercise with the edit made."""
        return _rebuilt(self.root, edit.changes)


def expression(text: str, **parts: ast.expr) -> ast.expr:
    """The expression that `text` spells, with copies of `parts` where their names stand."""
    tree = ast.parse(text, mode="eval").body
    named = {
        id(node): copy.deepcopy(parts[node.id])
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in parts
    }
    if isinstance(tree, ast.Name) and tree.id in parts:
        return copy.deepcopy(parts[tree.id])
    rebuilt = _rebuilt(tree, named)
    assert isinstance(rebuilt, ast.expr)
    return rebuilt


def statement(text: str) -> ast.stmt:
    """The statement that `text` spells."""
    return ast.parse(text).body[0]


def with_fields(node: ast.AST, **fields: object) -> ast.AST:
    """A shallow copy of a node with other fields."""
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def replace(node: ast.AST, new: Part) -> Edit:
    """The edit that puts `new` in the place of one node."""
    return Edit(getattr(node, "lineno", 0), {id(node): new})


def exchange(first: ast.AST, second: ast.AST) -> Edit:
    """The edit that lets two nodes change places."""
    return Edit(getattr(first, "lineno", 0), {id(first): second, id(second): first})


def is_self(node: ast.AST) -> bool:
    """Whether it is an attribute of ``self``."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def names_in(nodes: Iterable[ast.AST]) -> set[str]:
    """All names that stand in some nodes."""
    return {inner.id for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        if name in _LEFT_ALONE and not (name in ("args", "keywords") and isinstance(node, ast.Call)):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _statements(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, ast.stmt) for item in value)


def _rebuilt(node: ast.AST, changes: Mapping[int, Part]) -> ast.AST:
    """The tree with changes made; what is unchanged is shared. An emptied body gets a ``pass``."""
    fields: dict[str, object] = {}
    changed = False
    for name, value in ast.iter_fields(node):
        new: object = value
        if isinstance(value, list):
            items = [part for item in value for part in _parts(item, changes)]
            if len(items) != len(value) or any(a is not b for a, b in zip(items, value, strict=True)):
                new = items or ([ast.Pass()] if name == "body" else [])
        elif isinstance(value, ast.AST):
            new = next(iter(_parts(value, changes)), None)
        changed = changed or new is not value
        fields[name] = new
    return ast.copy_location(type(node)(**fields), node) if changed else node


def _parts(item: object, changes: Mapping[int, Part]) -> list[object]:
    if not isinstance(item, ast.AST):
        return [item]
    if id(item) not in changes:
        return [_rebuilt(item, changes)]
    new = changes[id(item)]
    return [copy.deepcopy(part) for part in (new if isinstance(new, list) else [new] if new is not None else [])]
