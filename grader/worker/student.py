"""The submission inside the worker: its files, its module, the subjects built from it."""

from __future__ import annotations

import ast
import difflib
import importlib
import inspect
import os
import sys
import time
from types import ModuleType
from typing import Any

import numpy as np

from grader.wire.records import Found, Loaded
from grader.worker.canonical import Values
from grader.worker.problems import SubmissionFault
from grader.worker.roles import Role


class Student:
    """What this worker knows of one submission. `subjects` holds what `build` made, by key; `roles` what a forward
    pass told about the tensors of each."""

    def __init__(self, box: str) -> None:
        self.box = box
        self.subjects: dict[str, Any] = {}
        self.roles: dict[str, dict[str, Role]] = {}
        self._module: ModuleType | None = None
        self._values: Values | None = None

    def values(self, seed: int) -> Values:
        """The canonical values of that seed, kept from one question to the next."""
        if self._values is None or self._values.seed != seed:
            self._values = Values(seed)
        return self._values

    @property
    def module(self) -> ModuleType:
        """The imported module. Asking before `load` succeeded is our mistake, not the student's."""
        if self._module is None:
            raise SubmissionFault("NotLoaded", "the module was not imported")
        return self._module

    def load(self, paths: list[str], module: str, arrays: dict[str, np.ndarray]) -> Loaded:
        """Write the files (arrays "0", "1", … of uint8) into the box and import `module` from it."""
        for index, path in enumerate(paths):
            target = os.path.join(self.box, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(arrays[str(index)].tobytes())
        # Behind everything else: a student's random.py must not replace the library's.
        folder = os.path.join(self.box, os.path.dirname(module))
        sys.path += [folder] if folder == self.box else [folder, self.box]
        sys.argv = [os.path.basename(module) + ".py"]
        sys.dont_write_bytecode = True
        started = time.process_time()
        self._module = importlib.import_module(os.path.basename(module))
        return Loaded(round(time.process_time() - started, 3))

    def find(self, name: str) -> Found:
        """Tell what `name` stands for in the module, without calling it."""
        missing = object()
        value = inspect.getattr_static(self.module, name, missing)
        if value is missing:
            names = [other for other in vars(self.module) if not other.startswith("_")]
            close = difflib.get_close_matches(name.lower(), [n.lower() for n in names], n=3, cutoff=0.75)
            return Found("absent", (), "", None, None, tuple(n for n in names if n.lower() in close))
        kind = "class" if isinstance(value, type) else "function" if callable(value) else "other"
        bases = tuple(qualified(base) for base in value.__mro__) if isinstance(value, type) else ()
        file, line = self._place(value, name)
        return Found(kind, bases, type(value).__name__, file, line, ())

    def _place(self, value: Any, name: str) -> tuple[str | None, int | None]:
        """Where `value` is defined, when that is in the submission's own files."""
        code = getattr(value, "__code__", None)
        if code is not None and code.co_filename.startswith(self.box):
            return os.path.relpath(code.co_filename, self.box), code.co_firstlineno
        owner = sys.modules.get(getattr(value, "__module__", ""), self.module)
        file = getattr(owner, "__file__", None) or ""
        if not file.startswith(self.box):
            return None, None
        line = _line_of(file, getattr(value, "__name__", name))
        return os.path.relpath(file, self.box), line


def qualified(kind: type) -> str:
    """The class's name with its module, e.g. "torch.nn.modules.container.Sequential"."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _line_of(file: str, name: str) -> int | None:
    """The line of the last definition of `name` at the top level of `file`."""
    with open(file, "rb") as source:
        tree = ast.parse(source.read())
    lines = [node.lineno for node in tree.body if getattr(node, "name", None) == name]
    return lines[-1] if lines else None
