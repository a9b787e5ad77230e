"""Automatic mistakes: small changes of one exercise of our own solutions, to measure what the checks catch.

Pure: source in, sources out; nothing is run. The operators are those that the literature on faults in deep learning
programs names, where they make sense in coursework, and those that it lacks: see docs/selftest.md.
"""

from __future__ import annotations

import ast
import difflib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from grader.mutation import layers, learning, statements, values
from grader.mutation.tree import Edit, Scope

Operator = Callable[[Scope], Iterator[Edit]]
OPERATORS: dict[str, Operator] = {
    function.__name__.replace("_", "-"): function
    for function in (
        statements.delete_statement, statements.repeat_statement, statements.permute_statements,
        statements.across_border, statements.unwrap, statements.discard_result, statements.drop_return,
        statements.stop_early,
        layers.swap_layers, layers.reuse_layer, layers.skip_layer, layers.repeat_layer, layers.plain_container,
        layers.duplicate_key, layers.detach, layers.in_place, layers.local_for_self, layers.built_in_forward,
        layers.change_activation, layers.remove_activation, layers.add_activation, layers.bias, layers.norm_options,
        layers.other_layer, layers.dropout_rate, layers.initial_values,
        learning.change_loss, learning.change_optimizer, learning.learning_rate, learning.partial_parameters,
        learning.epochs, learning.batch_size, learning.loader_options, learning.damage_data, learning.clip_gradients,
        learning.modes, learning.backward_options, learning.recreate, learning.reduction, learning.percent,
        learning.wrong_record,
        values.wrong_name, values.exchange_names, values.index, values.swap_arguments, values.drop_argument,
        values.drop_method, values.drop_parentheses, values.wrong_dimension, values.denominator, values.constant,
        values.arithmetic, values.comparison,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A solution with one exercise changed in one place.

    `change` shows lines that went and lines that came; a number behind tells apart those that differ by place alone.
    """

    operator: str
    exercise: str
    line: int  # in the solution
    change: str
    source: str


@lru_cache(maxsize=64)
def mutants(source: str, exercise: str) -> tuple[Mutant, ...]:
    """All first-order mutants of one exercise, each tree once, in a fixed order; none is the solution, all compile."""
    root = exercise_in(source, exercise)
    lines = source.splitlines()
    head, tail = lines[: root.lineno - 1], lines[root.end_lineno :]
    before = ast.unparse(root).splitlines()
    scope = Scope(root)
    seen = {"\n".join(before)}
    changes: Counter[str] = Counter()
    found: list[Mutant] = []
    for name, operator in OPERATORS.items():
        for edit in operator(scope):
            text = ast.unparse(scope.edited(edit))
            if text not in seen and _compiles(text):
                seen.add(text)
                whole = "\n".join([*head, text, *tail]) + "\n"
                change = _change(before, text.splitlines())
                changes[change] += 1
                again = f" ({changes[change]})" if changes[change] > 1 else ""
                found.append(Mutant(name, exercise, edit.line, change + again, whole))
    return tuple(found)


def exercise_in(source: str, name: str) -> ast.ClassDef | ast.FunctionDef:
    """The class or function of that name, without docstrings. Raises ValueError where the source has none."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            for part in ast.walk(node):
                if isinstance(part, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(part) is not None:
                    del part.body[0]
            return node
    raise ValueError(f"the source has no {name}")


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(text, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _change(before: list[str], after: list[str]) -> str:
    lines = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
    return " | ".join(f"{line[0]} {line[1:].strip()}" for line in lines if line[0] in "+-")
