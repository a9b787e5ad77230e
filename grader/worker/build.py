"""Building a subject from the student's class or function, and describing what came out."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from grader.wire.records import Built, Described, ModuleRow, Passage, TensorRow
from grader.worker import canonical, origins, passages, tree
from grader.worker.problems import SubmissionFault
from grader.worker.roles import Role, UseTrace
from grader.worker.student import Student, qualified

Arrays = dict[str, np.ndarray]
# How each nn.Sequential came about, for the exercises that are about just that.
_CONSTRUCTION: weakref.WeakKeyDictionary[nn.Module, list[str]] = weakref.WeakKeyDictionary()


def build(student: Student, params: dict[str, Any], _: Arrays) -> tuple[Built, Arrays]:
    """Call the exercise with constructor arguments and keep the result under ``params["subject"]``; where asked for,
    remember the lines that made its modules (see `origins`)."""
    if params.get("origins"):
        origins.watch(student.box)
    subject = make(student, params)
    student.subjects[params["subject"]] = subject
    log = _CONSTRUCTION.get(subject, []) if isinstance(subject, nn.Module) else []
    bases = tuple(qualified(kind) for kind in type(subject).__mro__)
    return Built(isinstance(subject, nn.Module), type(subject).__name__, bases, tuple(log)), {}


def make(student: Student, params: dict[str, Any]) -> Any:
    """A fresh subject: ``params["name"]`` of the module, called with ``params["args"]``; or, where the exercise is a
    function of tensors, a module that owns ``params["tensors"]`` and calls it."""
    factory = getattr(student.module, params["name"])
    canonical.reseed(params["seed"])
    if params["tensors"]:
        return Applied(factory, params["tensors"])
    return factory(*params["args"])


class Applied(nn.Module):
    """A function of an input and some tensors as a module that owns the tensors, so that it can be run like one."""

    def __init__(self, function: Callable[..., Any], shapes: dict[str, list[int]]) -> None:
        super().__init__()
        self.names = tuple(shapes)
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(shape)))
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        """The function, applied to x and the tensors in the order of the rubric."""
        return self.function(x, *(getattr(self, name) for name in self.names))


def model_of(student: Student, params: dict[str, Any]) -> nn.Module:
    """The subject asked about, which must be an nn.Module."""
    return as_module(student.subjects[params["subject"]])


def as_module(subject: Any) -> nn.Module:
    """The subject itself, or a fault when it is not an nn.Module."""
    if not isinstance(subject, nn.Module):
        raise SubmissionFault("NotAModule", f"the call returned {type(subject).__name__}, not an nn.Module")
    return subject


def tables(student: Student, params: dict[str, Any], arrays: Arrays) -> tuple[Described, Arrays]:
    """Module tree and tensors; after a forward pass on the array "x", if there is one, also the order of use, and the
    shapes on the way."""
    model = model_of(student, params)
    seen = Traced()
    if "x" in arrays:
        seen = trace(model, torch.from_numpy(arrays["x"]))
        student.roles[params["subject"]] = seen.roles
    lazy = tree.uninitialised(model)
    rows = tuple(
        _tensor_row(entry, role) for entry, role in tree.with_roles(model, seen.roles) if entry.path not in lazy
    )
    described = Described(
        modules=tuple(
            ModuleRow(path, type(m).__name__, tuple(qualified(k) for k in type(m).__mro__[:-1]), m.training)
            for path, m in model.named_modules()
        ),
        tensors=rows,
        hidden=tuple(tree.hidden(model)),
        order=seen.order,
        traced="x" in arrays,
        uninitialised=tuple(lazy),
        passages=seen.passages,
    )
    return described, {}


@dataclass(frozen=True)
class Traced:
    """What one forward pass showed: leaf modules in order of first use, roles of the student's own tensors, and what
    passed through modules that own parameters."""

    order: tuple[str, ...] = ()
    roles: dict[str, Role] = field(default_factory=dict)
    passages: tuple[Passage, ...] = ()


def trace(model: nn.Module, x: torch.Tensor) -> Traced:
    """Watch one forward pass, in eval mode."""
    order: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, path=path: order.append(path))
        for path, module in model.named_modules()
        if path and not any(True for _ in module.children())
    ]
    modes = {module: module.training for module in model.modules()}
    model.eval()
    watch = UseTrace((entry.path, entry.tensor) for entry in tree.held(model) if not tree.is_lazy(entry.tensor))
    try:
        with torch.no_grad(), passages.noted(model) as passed, watch:
            model(x.clone())
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes.items():
            module.training = training
    return Traced(tuple(dict.fromkeys(order)), watch.roles, tuple(passed.values()))


def roles_of(student: Student, key: str, x: torch.Tensor) -> dict[str, Role]:
    """The traced roles of a subject, found once, while it is still as its constructor left it."""
    if key not in student.roles:
        student.roles[key] = trace(as_module(student.subjects[key]), x).roles
    return student.roles[key]


def _tensor_row(entry: tree.Held, role: Role) -> TensorRow:
    return TensorRow(
        path=entry.path,
        owner=entry.owner_path,
        layer=type(entry.owner).__name__,
        role=role.name,
        shape=tuple(role.standard(entry.tensor).shape),
        stored=tuple(entry.tensor.shape),
        dtype=str(entry.tensor.dtype).removeprefix("torch."),
        parameter=entry.parameter,
        trainable=entry.tensor.requires_grad,
        aliases=entry.aliases,
    )


def watch_sequential() -> None:
    """From now on, remember how every nn.Sequential is filled. Called once, before the submission is imported."""
    init, add = nn.Sequential.__init__, nn.Module.add_module
    filling: list[bool] = []

    @contextmanager
    def inside() -> Iterator[None]:
        filling.append(True)
        try:
            yield
        finally:
            filling.pop()

    def watched_init(self: nn.Sequential, *args: Any) -> None:
        with inside():  # the constructor itself calls add_module
            init(self, *args)
        mapping = len(args) == 1 and isinstance(args[0], dict)
        _CONSTRUCTION[self] = ["empty" if not args else "ordered_dict" if mapping else "args"]

    def watched_add(self: nn.Module, name: str, module: nn.Module | None) -> None:
        add(self, name, module)
        if not filling and self in _CONSTRUCTION:
            _CONSTRUCTION[self].append("add_module")

    nn.Sequential.__init__ = watched_init  # type: ignore[method-assign,assignment]
    nn.Module.add_module = watched_add  # type: ignore[method-assign]
