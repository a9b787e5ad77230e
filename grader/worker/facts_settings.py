"""Facts about settings: numbers and options of optimizers, losses and layers that nobody asked for.

Each function finds all places of one fact, each with a detail in a word or two. See `facts.DETECTORS` for their names.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from grader.worker.excerpt import LOOPS, Excerpt
from grader.worker.facts_names import Seen, is_model_call, last, parameters


def given(option: str, default: Any, *made: str) -> Callable[[Excerpt], Iterator[Seen]]:
    """The detector of an option that is written out as a constant other than its default, where one of these is made
    or called: the beginnings of full names, such as "torch.optim."."""

    def find(code: Excerpt) -> Iterator[Seen]:
        for call in code.calls:
            if code.dotted(call.func).startswith(made):
                for keyword in call.keywords:
                    if keyword.arg == option and _constant(keyword.value, default) != default:
                        yield call, f"{option}={ast.unparse(keyword.value)}"

    return find


def _constant(node: ast.expr, otherwise: Any) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return otherwise


def rate_fixed(code: Excerpt) -> Iterator[Seen]:
    """A learning rate that is written as a number."""
    for call, rate in _rates(code):
        if isinstance(rate, ast.Constant):
            yield call, str(rate.value)


def rate_computed(code: Excerpt) -> Iterator[Seen]:
    """A learning rate that is computed from another."""
    for call, rate in _rates(code):
        if isinstance(rate, ast.BinOp):
            yield call, ast.unparse(rate)


def rate_missing(code: Excerpt) -> Iterator[Seen]:
    """An optimizer that is told no learning rate."""
    for call, rate in _rates(code):
        if rate is None and not any(keyword.arg is None for keyword in call.keywords):
            yield call, last(code.dotted(call.func))


def _rates(code: Excerpt) -> Iterator[tuple[ast.Call, ast.expr | None]]:
    """Where optimizers are made, and the rate that each is given."""
    for call in code.calls:
        name = code.dotted(call.func)
        if name.startswith("torch.optim.") and "sched" not in name and last(name)[:1].isupper():
            rates = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "lr")]
            yield call, rates[0] if rates else None


def loops_left(code: Excerpt) -> Iterator[Seen]:
    """A loop over batches that is left before its end."""
    for node in code.nodes:
        loop = code.within(node, (ast.For, ast.While)) if isinstance(node, ast.Break) else None
        if loop is not None and any(is_model_call(call) and code.within(call, LOOPS) is loop for call in code.calls):
            yield node, "break"


def strides_unread(pointwise: bool) -> Callable[[Excerpt], Iterator[Seen]]:
    """The detector of convolutions of 1x1, or of larger ones, none of which looks at the strides that are asked for."""

    def find(code: Excerpt) -> Iterator[Seen]:
        asked = {name for node in code.functions for name in parameters(node) if name.startswith("stride")}
        for _ in range(2):  # `first, second = stride`
            asked |= {
                name for target, value in code.assignments if _names(value) & asked for name in sorted(_names(target))
            }
        convolutions = [
            call for call in code.calls if code.layer(call).startswith("Conv") and _is_pointwise(call) is pointwise
        ]
        if asked and convolutions and not any(_names(call) & asked for call in convolutions):
            yield convolutions[0], code.layer(convolutions[0])

    return find


def _names(node: ast.AST) -> set[str]:
    """The names in an expression, attributes of `self` among them."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return (names | {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}) - {"self"}


def _is_pointwise(call: ast.Call) -> bool:
    sizes = [*call.args[2:3], *(keyword.value for keyword in call.keywords if keyword.arg == "kernel_size")]
    return bool(sizes) and _constant(sizes[0], None) in (1, (1, 1), [1, 1])
