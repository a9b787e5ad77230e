"""Facts about what a class says of itself: its methods, its constructor, its attributes.

Each function finds all places of one fact, each with a detail in a word or two. See `facts.DETECTORS` for their names.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

import torch
from torch import nn

from grader.worker.bindings import FUNCTIONS, own_names
from grader.worker.excerpt import Excerpt
from grader.worker.facts_names import Seen, is_own, last, methods, registers_by_hand, text

_METHODS = frozenset(name for name in dir(nn.Module) if name[0] != "_" and callable(getattr(nn.Module, name)))


def misspelt(code: Excerpt) -> Iterator[Seen]:
    """A method that is nearly called ``forward`` or ``__init__``, in a class that has none."""
    for owner in code.classes:
        family = [node for kind in code.bases(owner) for node in kind.body]
        have = {node.name for node in family if isinstance(node, FUNCTIONS)}
        have |= {text(part) for node in family if isinstance(node, ast.Assign) for part in node.targets}
        have |= set() if _is_plain(code, owner) else {"forward"}
        for node in owner.body:
            name = node.name if isinstance(node, FUNCTIONS) else ""
            near = any(0 < distance(name, wanted) <= 2 for wanted in {"forward", "__init__"} - have)
            if near and name not in dir(nn.Module):
                yield node, name


def _is_plain(code: Excerpt, owner: ast.ClassDef) -> bool:
    """Whether all that a class inherits is the student's own, or that of `nn.Module`."""
    own = {kind.name for kind in code.bases(owner)}
    bases = [last(code.dotted(base)) for kind in code.bases(owner) for base in kind.bases]
    return set(bases) <= {"Module"} | own


def distance(one: str, other: str) -> int:
    """How many letters to add, drop or change to come from one name to the other; 9 for what is far apart anyway."""
    if abs(len(one) - len(other)) > 2:
        return 9
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, wanted in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (letter != wanted))
    return row[-1]


def shadowing(code: Excerpt) -> Iterator[Seen]:
    """An attribute with the name of a method that every module has."""
    for target, _ in code.assignments:
        owner = code.owner(target)
        if isinstance(target, ast.Attribute) and is_own(target) and target.attr in _METHODS and owner in code.classes:
            yield target, target.attr


def tensor_methods_of_self(code: Excerpt) -> Iterator[Seen]:
    """A method of tensors, called on the module."""
    for owner in code.classes:
        if not _is_plain(code, owner) or any(registers_by_hand(code, kind) for kind in code.bases(owner)):
            continue
        words = {word for kind in code.bases(owner) for node in ast.walk(kind) for word in _words(node)}
        for call in code.calls:
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            known = name in words or hasattr(nn.Module, name) or not hasattr(torch.Tensor, name)
            if not known and text(call.func) == f"self.{name}" and code.owner(call) is owner:
                yield call, name


def _words(node: ast.AST) -> set[str]:
    """The names that a node may give to something."""
    if isinstance(node, ast.Constant):
        return {str(node.value)} if isinstance(node.value, str) else set()
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, FUNCTIONS):
        return {node.name}
    return {node.attr} if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) else set()


def inits_without_super(code: Excerpt) -> Iterator[Seen]:
    """A constructor that does not call the one that it takes the place of."""
    for owner in code.classes:
        for function in methods(owner, "__init__"):
            if not any(isinstance(node, ast.Attribute) and node.attr == "__init__" for node in ast.walk(function)):
                yield function, owner.name


def modes_read_early(code: Excerpt) -> Iterator[Seen]:
    """The mode read once, in the constructor."""
    for owner in code.classes:
        for function in methods(owner, "__init__"):
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and text(node) == "self.training" and isinstance(node.ctx, ast.Load):
                    yield node, text(node)


def locals_missed(code: Excerpt) -> Iterator[Seen]:
    """What a constructor has as a name of its own, and another method looks for: on ``self``, or by that name."""
    for owner in code.classes:
        family = code.bases(owner)
        inits = [function for kind in family for function in methods(kind, "__init__")]
        if not _is_plain(code, owner) or not inits or _is_dynamic(code, family):
            continue
        local = own_names(inits[0]) - {"self"}
        own = [node for node in code.attributes if is_own(node) and code.owner(node) in family]
        stored = {word for kind in family for node in kind.body for word in _class_names(node)}
        stored |= {node.attr for node in own if isinstance(node.ctx, ast.Store)}
        for node in own:
            if node.attr in local - stored and not hasattr(nn.Module, node.attr) and code.owner(node) is owner:
                yield node, text(node)
        for function in (node for node in owner.body if isinstance(node, FUNCTIONS) and node not in inits):
            missing = {name for name in (local | stored) - own_names(function) if not _is_known(code, name)}
            names = (node for node in code.own(function) if isinstance(node, ast.Name))
            yield from ((node, node.id) for node in names if node.id in missing)


def _is_dynamic(code: Excerpt, family: list[ast.ClassDef]) -> bool:
    """Whether classes get attributes in ways that are not written out."""
    odd = {"__dict__", "__getattr__", "__getattribute__", "vars"}
    words = {node.attr for node in code.attributes} | {node.id for node in code.nodes if isinstance(node, ast.Name)}
    words |= {function.name for kind in family for function in kind.body if isinstance(function, FUNCTIONS)}
    return bool(words & odd) or any(registers_by_hand(code, kind) for kind in family)


def _class_names(node: ast.stmt) -> set[str]:
    """What a statement of a class's body binds."""
    if isinstance(node, FUNCTIONS):
        return {node.name}
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}


def _is_known(code: Excerpt, name: str) -> bool:
    return name in code.definitions or hasattr(builtins, name) or code.dotted(ast.Name(name)) != name
