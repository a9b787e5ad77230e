"""What passes through the layers of a model: the shapes of arguments and result, noted at each one's first call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from grader.wire.records import MOST_GIVEN, MOST_PASSAGES, Passage, Passed, possible

_MORE = "…"


@contextmanager
def noted(model: nn.Module) -> Iterator[dict[str, Passage]]:
    """Note the first call of every module that owns parameters, by its path, in the order in which the calls end.

    Functions are not seen, nor calls of `forward` itself: hooks fire on modules alone.
    """
    passages: dict[str, Passage] = {}

    def note(path: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        if path not in passages and len(passages) < MOST_PASSAGES:
            passages[path] = Passage(path, _given([*args, *kwargs.values()]), _passed(result))

    hooks = [
        module.register_forward_hook(lambda _, *call, path=path: note(path, *call), with_kwargs=True)
        for path, module in model.named_modules()
        if any(parameter is not None for parameter in module._parameters.values())
    ]
    try:
        yield passages
    finally:
        for hook in hooks:
            hook.remove()


def _given(values: list[Any]) -> tuple[Passed, ...]:
    told = tuple(_passed(value) for value in values[:MOST_GIVEN])
    return told if len(values) <= MOST_GIVEN else (*told[:-1], Passed(_MORE, ()))


def _passed(value: Any) -> Passed:
    if not isinstance(value, torch.Tensor):
        return Passed(type(value).__name__, ())
    shape = (-1,) if value.is_nested else tuple(value.shape)  # a nested tensor has no shape to tell
    return Passed("Tensor", shape) if possible(shape) else Passed("Tensor" + _MORE, ())
