"""What names and calls stand for in training code, for those who look for facts."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.worker.bindings import FUNCTIONS
from grader.worker.excerpt import Excerpt, Function

Seen = tuple[ast.AST, str]  # a place, and what is seen there in a word or two
MODELS = frozenset(["model", "net", "network", "self.model", "self.net", "self.network"])
NO_GRAD = frozenset(["no_grad", "inference_mode"])
_OPTIMIZERS = frozenset(["optimizer", "optimiser", "optim", "opt"])
_CRITERIA = frozenset(["criterion", "loss_fn", "loss_func", "loss_function", "criteria", "loss_fun"])
_REGISTERING = frozenset(["add_module", "register_module", "register_parameter", "setattr"])
_LOSSES = frozenset(["cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"])


def last(name: str) -> str:
    """The last part of a name with dots."""
    return name.rpartition(".")[2]


def text(node: ast.AST) -> str:
    """A chain of names, attributes and fixed indices as it is written; empty for anything else, which is no name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = text(node.value)
        return inner and f"{inner}.{node.attr}"
    if isinstance(node, ast.Subscript):
        inner, index = text(node.value), node.slice
        if (
            isinstance(index, ast.UnaryOp)
            and isinstance(index.op, ast.USub)
            and isinstance(index.operand, ast.Constant)
        ):
            return inner and f"{inner}[-{index.operand.value!r}]"
        return f"{inner}[{index.value!r}]" if inner and isinstance(index, ast.Constant) else ""
    return ""


def is_own(node: ast.AST) -> bool:
    """Whether this is an attribute of ``self``."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def registers_by_hand(code: Excerpt, owner: ast.ClassDef) -> bool:
    """Whether a class registers layers by calls, whose arguments may be anything."""
    calls = [call for call in ast.walk(owner) if isinstance(call, ast.Call)]
    return any(last(code.dotted(call.func)) in _REGISTERING for call in calls)


def is_optimizer(node: ast.AST) -> bool:
    """Whether an expression is called as optimizers are."""
    return last(text(node)) in _OPTIMIZERS


def is_model_call(node: ast.AST) -> bool:
    """Whether a call runs a model, by the name that it has."""
    return isinstance(node, ast.Call) and text(node.func) in MODELS


def is_loss_call(code: Excerpt, node: ast.AST) -> bool:
    """Whether a call computes a loss: with what is called a criterion, a function of PyTorch's, a fresh loss object."""
    if not isinstance(node, ast.Call):
        return False
    name = code.dotted(node.func)
    functional = name.startswith("torch.nn.functional.") and (last(name) in _LOSSES or name.endswith("_loss"))
    fresh = isinstance(node.func, ast.Call) and code.layer(node.func).endswith("Loss")
    return functional or fresh or last(text(node.func)) in _CRITERIA


def is_bare(code: Excerpt, node: ast.AST) -> bool:
    """Whether an attribute stands alone as a statement: a method that is named and not called."""
    return isinstance(code.parents.get(node), ast.Expr)


def parameters(node: ast.AST | None) -> list[str]:
    """The names of a function's parameters."""
    return (
        [arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)]
        if isinstance(node, ast.FunctionDef)
        else []
    )


def methods(owner: ast.ClassDef, name: str) -> Iterator[Function]:
    """The methods of a class that have this name."""
    return (node for node in owner.body if isinstance(node, FUNCTIONS) and node.name == name)
