"""What a forward pass computes, operation by operation: name, shape, place, and a digest of the values.

Only what the input flows into is noted: arithmetic on parameters alone is a matter of spelling. The digests say where
two passes agree, however either is written; see diagnosis/tracediff.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from grader.wire.records import DIGEST_WIDTH, MOST_INPUTS, MOST_OPERATIONS, Operated, Operation, Problem
from grader.worker import build, forward, origins
from grader.worker.digest import digests
from grader.worker.problems import describe
from grader.worker.student import Student

Arrays = dict[str, np.ndarray]
_NAME = re.compile(r"[A-Za-z0-9_]{1,40}")


def operations(student: Student, params: dict[str, Any], arrays: Arrays) -> tuple[Operated, Arrays]:
    """Run the subject as `forward.run` does, without gradients, and note its operations in order.

    Arrays: "values" (operations × DIGEST_WIDTH). A pass that raises keeps what was noted before.
    """
    try:
        build.roles_of(student, params["subject"], torch.from_numpy(arrays["x"]))
    except Exception:  # it will raise again below, where that is noted; until then, roles are told by owner and name
        student.roles[params["subject"]] = {}
    record, values = _traced(student, params, arrays, torch.float64)
    if record.problem is not None:  # perhaps only since it cannot do float64
        single, rounded = _traced(student, params, arrays, torch.float32)
        if single.problem is None or len(single.operations) > len(record.operations):
            record, values = single, rounded
    return record, {"values": values}


def _traced(
    student: Student, params: dict[str, Any], arrays: Arrays, dtype: torch.dtype
) -> tuple[Operated, np.ndarray]:
    this = forward.prepare(student, params | {"backward": False}, arrays, dtype)
    this.reset(params["seed"])
    given, place = this.values.clone(), [Running("", None)]
    watch, output, problem = OperationTrace(given, place, student.box), None, None
    try:
        with _places(this.model, place), torch.no_grad(), watch:
            output = this.model(given)
    except Exception as error:  # the student's; what came before it is what is asked for
        problem = describe(error, student.box)
    return watch.record(output, str(dtype).removeprefix("torch."), problem)


@dataclass(frozen=True)
class Running:
    """A module that is running, and its path; at the outermost, none."""

    path: str
    module: nn.Module | None


@contextmanager
def _places(model: nn.Module, place: list[Running]) -> Iterator[None]:
    """While the model runs, the last item of `place` is the innermost module."""
    hooks = []
    for path, module in model.named_modules():
        hooks.append(module.register_forward_pre_hook(lambda *_, this=Running(path, module): place.append(this)))
        hooks.append(module.register_forward_hook(lambda *_: _leave(place), always_call=True))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _leave(place: list[Running]) -> None:
    place.pop()


class OperationTrace(TorchFunctionMode):
    """Notes every call into torch that the tensor `given` flows into. `place` ends with the module that is running."""

    def __init__(self, given: torch.Tensor, place: list[Running], box: str) -> None:
        super().__init__()
        self._place, self._box = place, box
        self._operations: list[Operation] = []
        self._values: list[np.ndarray] = []
        self._complete = True
        # By identity: which operation made a tensor; -1 is the input. Held, so that no number is given twice.
        self._made: dict[int, tuple[int, torch.Tensor]] = {id(given): (-1, given)}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        sources = {self._made[id(t)][0] for t in _tensors((args, kwargs)) if id(t) in self._made}
        result = func(*args, **kwargs)
        made = list(_tensors(result))
        if sources and made:
            self._note(func, sources, made)
        return result

    def record(self, output: Any, dtype: str, problem: Problem | None) -> tuple[Operated, np.ndarray]:
        """What was noted, and the digests; `output` is what the pass returned."""
        result = self._made[id(output)][0] if id(output) in self._made else -1
        values = np.array(self._values, dtype=np.float64).reshape(-1, DIGEST_WIDTH)
        return Operated(tuple(self._operations), result, dtype, self._complete, problem), values

    def _note(self, func: Any, sources: set[int], made: list[torch.Tensor]) -> None:
        if len(self._operations) == MOST_OPERATIONS:
            self._complete = False
            return
        index = len(self._operations)
        inputs = tuple(sorted(source for source in sources if source >= 0)[-MOST_INPUTS:])
        running = self._place[-1]
        file, line = origins.of(running.module, self._box)
        self._operations.append(Operation(_name(func), tuple(made[0].shape), running.path, inputs, file, line))
        self._values.append(digests([made[0]])[0])
        for tensor in made:
            self._made[id(tensor)] = (index, tensor)


def _name(func: Any) -> str:
    """Torch's own name for a function, without the marks of its spelling: ``add`` for ``__iadd__`` and ``add_``."""
    name = str(getattr(func, "__name__", "")).strip("_")
    return name if _NAME.fullmatch(name) else "other"


def _tensors(value: Any, depth: int = 3) -> Iterator[torch.Tensor]:
    """The tensors in arguments or results, also in lists and dictionaries."""
    if isinstance(value, torch.Tensor):
        yield value
    elif depth and isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item, depth - 1)
    elif depth and isinstance(value, dict):
        yield from _tensors(tuple(value.values()), depth)
