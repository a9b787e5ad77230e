"""The part of a submission's source that one exercise is written in, as syntax trees: parsed and followed, never run.

It begins with the exercise's own class or function, in its last definition, and goes on with whatever of the student's
own it refers to by name, and what that refers to. Other exercises of the course are left out; that they are referred to
is noted.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from itertools import islice

import torch
import torch.nn.functional
from torch import nn

from grader.worker.bindings import (
    COMPREHENSIONS,
    FUNCTIONS,
    Definition,
    bindings,
    free_names,
    imports,
    parsed,
)

NODE_CAP = 6_000  # nodes of one exercise; of those in the corpus none has a thousand
LAYERS = frozenset(name for name, value in vars(nn).items() if isinstance(value, type) and issubclass(value, nn.Module))
CONTAINERS = frozenset(["Sequential", "ModuleList", "ModuleDict"])
_LEARNS = re.compile(r"Linear|Conv|Norm|RNN|LSTM|GRU|Embedding|Transformer|Attention|PReLU")
LEARNING = frozenset(name for name in LAYERS if _LEARNS.search(name)) - {"LocalResponseNorm", "CrossMapLRN2d"}
_OWNING = frozenset(["Parameter", "register_parameter", "register_buffer", "register_module", "add_module"])
# What a name stands for where nothing says so, such as in a notebook whose first cell is missing.
_CUSTOMARY = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional"}
_STARRED = {"torch": torch, "torch.nn": nn, "torch.nn.functional": torch.nn.functional, "torch.optim": torch.optim}

LOOPS = (ast.For, ast.AsyncFor, ast.While, *COMPREHENSIONS)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Part = tuple[str, str | bytes]  # where a piece of source is found, and its text


class Excerpt:
    """All that an exercise is written in. `parts` come in the order in which they run; those of `beside` come from
    other files of the submission, under the names of their modules. Raises what parsing raises, and `ValueError` where
    there is too much to look at."""

    def __init__(
        self, parts: Sequence[Part], name: str, others: Collection[str], beside: dict[str, Part] | None = None
    ) -> None:
        beside = beside or {}
        self._modules = frozenset(beside)
        trees = [(file, tree) for file, text in [*beside.values(), *parts] if (tree := parsed(text)) is not None]
        self.definitions = {found.name: found for file, tree in trees for found in bindings(tree.body, file)}
        self._origins, self._stars = imports(tree for _, tree in trees)
        for alias, origin in self._origins.items():
            module, _, own = origin.rpartition(".")
            if module.rpartition(".")[2] in beside and own in self.definitions:
                self.definitions.setdefault(alias, self.definitions[own])
        self._keeping: dict[str, bool] = {}
        self._layers: dict[ast.Call, str] = {}
        self._families: dict[ast.ClassDef, list[ast.ClassDef]] = {}
        self.name = name
        self.root = self._followed(name)
        self.pieces, used = self._reached(name, set(others) - {name})
        self.uses = tuple(other for other in others if other in used)
        self.nodes: list[ast.AST] = []
        self.parents: dict[ast.AST, ast.AST] = {}
        self._files: dict[ast.AST, str] = {}
        self._functions: dict[ast.AST, Function | None] = {}
        self._owners: dict[ast.AST, ast.ClassDef | None] = {}
        for piece in self.pieces:
            self._collect(piece)
        self.order = {node: index for index, node in enumerate(self.nodes)}

    def _followed(self, name: str) -> Definition | None:
        """The class or function behind a name, which may be another name for it."""
        for _ in range(10):
            found = self.definitions.get(name)
            value = getattr(found.node, "value", None) if found else None
            if isinstance(value, ast.Call) and self.dotted(value.func).endswith("partial") and value.args:
                value = value.args[0]
            if not isinstance(value, ast.Name) or value.id not in self.definitions:
                return found
            name = value.id
        return None

    def _reached(self, name: str, others: set[str]) -> tuple[list[Definition], set[str]]:
        """The definitions that the exercise is made of, itself first, and the other exercises that it refers to."""
        reached: dict[str, Definition] = {}
        waiting, used, room = [name], set(), NODE_CAP
        while waiting:
            current = waiting.pop(0)
            if current in others:
                used.add(current)
            elif current in self.definitions and current not in reached:
                node = self.definitions[current].node
                room -= sum(1 for _ in islice(ast.walk(node), NODE_CAP + 1))
                if room < 0:
                    raise ValueError("too much to look at")
                reached[current] = self.definitions[current]
                waiting += free_names(node, frozenset(), self._modules)
        return list({found.node: found for found in reached.values()}.values()), used

    def _collect(self, piece: Definition) -> None:
        self._functions[piece.node] = self._owners[piece.node] = None
        stack: list[ast.AST] = [piece.node]
        while stack:
            node = stack.pop()
            self.nodes.append(node)
            children = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)]
            function = node if isinstance(node, FUNCTIONS) else self._functions[node]
            owner = node if isinstance(node, ast.ClassDef) else self._owners[node]
            self._files[node] = piece.file
            self.parents |= dict.fromkeys(children, node)
            self._functions |= dict.fromkeys(children, function)
            self._owners |= dict.fromkeys(children, owner)
            stack += reversed(children)

    def file(self, node: ast.AST) -> str:
        """The file, or the cell, that a node stands in."""
        return self._files[node]

    def function(self, node: ast.AST) -> Function | None:
        """The innermost function that a node stands in; lambdas are none."""
        return self._functions[node]

    def own(self, function: Function) -> list[ast.AST]:
        """The nodes of a function, without those of functions inside."""
        return self._bodies.get(function, [])

    @cached_property
    def _bodies(self) -> dict[Function | None, list[ast.AST]]:
        bodies: dict[Function | None, list[ast.AST]] = {}
        for node in self.nodes:
            bodies.setdefault(self._functions[node], []).append(node)
        return bodies

    def owner(self, node: ast.AST) -> ast.ClassDef | None:
        """The innermost class that a node stands in."""
        return self._owners[node]

    def dotted(self, node: ast.AST | None) -> str:
        """The full name that an expression such as ``F.relu`` stands for; empty where it is no chain of names."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self._meant(node.id), *reversed(parts)])

    def _meant(self, name: str) -> str:
        if name in self.definitions:
            return name
        starred = next((f"{star}.{name}" for star in self._stars if hasattr(_STARRED.get(star), name)), None)
        return self._origins.get(name) or starred or _CUSTOMARY.get(name, name)

    @cached_property
    def calls(self) -> list[ast.Call]:
        return [node for node in self.nodes if isinstance(node, ast.Call)]

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in self.nodes if isinstance(node, FUNCTIONS)]

    @cached_property
    def classes(self) -> list[ast.ClassDef]:
        """The classes that are modules of PyTorch's."""
        return [node for node in self.nodes if isinstance(node, ast.ClassDef) and self.is_module(node)]

    @cached_property
    def attributes(self) -> list[ast.Attribute]:
        return [node for node in self.nodes if isinstance(node, ast.Attribute)]

    @cached_property
    def assignments(self) -> list[tuple[ast.expr, ast.expr]]:
        """All targets with their values, those of ``a, b = c, d`` one by one; ``+=`` and loops apart."""
        return [pair for node in self.nodes for pair in _pairs(node)]

    @cached_property
    def assigned(self) -> dict[ast.AST | None, list[tuple[ast.expr, ast.expr]]]:
        """The assignments in each function, and the assignments in each class."""
        found: dict[ast.AST | None, list[tuple[ast.expr, ast.expr]]] = defaultdict(list)
        for target, value in self.assignments:
            for place in (self.function(target), self.owner(target)):
                if place is not None:
                    found[place].append((target, value))
        return found

    def is_module(self, node: ast.ClassDef, depth: int = 0) -> bool:
        """Whether a class derives from `nn.Module`, by its source."""
        if depth > 10:
            return False
        for base in node.bases:
            found = self._followed(base.id) if isinstance(base, ast.Name) else None
            if found is not None and isinstance(found.node, ast.ClassDef):
                if found.node is not node and self.is_module(found.node, depth + 1):
                    return True
            elif self.dotted(base).startswith("torch.nn.") and self.dotted(base).rpartition(".")[2] in LAYERS:
                return True
        return False

    def bases(self, node: ast.ClassDef) -> list[ast.ClassDef]:
        """The class and those of the student's that it derives from, nearest first."""
        if node not in self._families:
            self._families[node] = self._family(node)
        return self._families[node]

    def _family(self, node: ast.ClassDef) -> list[ast.ClassDef]:
        found = [node]
        for kind in found:
            for base in kind.bases:
                other = self._followed(base.id) if isinstance(base, ast.Name) else None
                if other is not None and isinstance(other.node, ast.ClassDef) and other.node not in found:
                    found.append(other.node)
        return found

    def layer(self, node: ast.AST | None) -> str:
        """The class of the layer that a call builds, one of PyTorch's or the student's own; empty for other things."""
        if not isinstance(node, ast.Call):
            return ""
        if node not in self._layers:
            self._layers[node] = self._built(node)
        return self._layers[node]

    def _built(self, node: ast.Call) -> str:
        name = self.dotted(node.func)
        last = name.rpartition(".")[2]
        if name.startswith("torch.nn.") and last in LAYERS:
            return last
        found = self._followed(name)
        return name if found and isinstance(found.node, ast.ClassDef) and self.is_module(found.node) else ""

    def learns(self, node: ast.AST | None) -> bool:
        """Whether a call builds a layer that keeps something: one of it, where two are meant, is a mistake."""
        kind = self.layer(node)
        if kind not in CONTAINERS or node is None:
            return kind in LEARNING or self._keeps(kind)
        inside = [call for call in ast.walk(node) if self.layer(call) not in ("", *CONTAINERS)]
        return any(isinstance(part, ast.Starred) for part in ast.walk(node)) or any(map(self.learns, inside))

    def _keeps(self, kind: str) -> bool:
        """Whether a class of the student's owns parameters, buffers or layers that do."""
        if kind not in self._keeping:
            self._keeping[kind] = False  # for classes that build each other
            found = self._followed(kind)
            calls = [call for call in ast.walk(found.node) if isinstance(call, ast.Call)] if found else []
            owns = any(self.dotted(call.func).rpartition(".")[2] in _OWNING for call in calls)
            self._keeping[kind] = owns or any(map(self.learns, calls))
        return self._keeping[kind]

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, from the inside out."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def within(self, node: ast.AST, kinds: type[ast.AST] | tuple[type[ast.AST], ...]) -> ast.AST | None:
        """The innermost node of these kinds that a node stands in."""
        return next((parent for parent in self.above(node) if isinstance(parent, kinds)), None)

    def exclusive(self, one: ast.AST, other: ast.AST) -> bool:
        """Whether at most one of two nodes runs: branches of one condition, or a way out between them."""
        if self.order[one] > self.order[other]:
            one, other = other, one
        chain = [other, *self.above(other)]
        child = one
        for parent in self.above(one):
            if isinstance(parent, (ast.If, ast.IfExp, ast.Try, ast.Match)):
                if parent in chain:
                    arms = (_arm(parent, child), _arm(parent, chain[chain.index(parent) - 1]))
                    return arms[0] != arms[1] and "test" not in arms
                if isinstance(parent, ast.If) and _leaves(parent, child):
                    return True
            if parent in chain:
                return False
            child = parent
        return False


def _pairs(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield target, node.value
            if isinstance(target, (ast.Tuple, ast.List)) and isinstance(node.value, (ast.Tuple, ast.List)):
                yield from zip(target.elts, node.value.elts, strict=False)


def _arm(parent: ast.AST, child: ast.AST) -> str:
    """Which branch of `parent` its child belongs to. A ``try`` and its ``else`` are one, as both may run."""
    for field, value in ast.iter_fields(parent):
        if isinstance(value, list) and child in value:
            place = f" {value.index(child)}" if field in ("cases", "handlers") else ""
            return "body" if isinstance(parent, ast.Try) and field in ("orelse", "finalbody") else field + place
        if value is child:
            return field
    return "test"


def _leaves(parent: ast.If, child: ast.AST) -> bool:
    """Whether the branch that `child` stands in ends by leaving."""
    branch = parent.body if child in parent.body else parent.orelse if child in parent.orelse else []
    return bool(branch) and isinstance(branch[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))
