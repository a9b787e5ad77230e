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

from grader.wire.records import Found, Loaded, Stumble
from grader.worker import topcode
from grader.worker.canonical import Values
from grader.worker.problems import SubmissionFault
from grader.worker.roles import Role


class Student:
    """What this worker knows of one submission. `subjects` holds what `build` made, by key; `roles` what a forward
    pass told about the tensors of each; `notes` what was adapted for its code (see `adapt`); `run` is the training run
    under way (see `training`)."""

    def __init__(self, box: str) -> None:
        self.box = box
        self.subjects: dict[str, Any] = {}
        self.roles: dict[str, dict[str, Role]] = {}
        self.notes: dict[str, str] = {}
        self.run: Any = None
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

    def load(self, params: dict[str, Any], arrays: dict[str, np.ndarray]) -> Loaded:
        """Write the files into the box and run the top-level code of ``params["module"]``.

        Arrays: "0", "1", … of uint8, the files at ``params["paths"]``; for a notebook "cell 0", "cell 1", …
        """
        for index, path in enumerate(params["paths"]):
            target = os.path.join(self.box, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(arrays[str(index)].tobytes())
        folder, _, name = params["module"].rpartition("/")
        folder = os.path.join(self.box, folder).rstrip("/")
        # Behind everything else: a student's random.py must not replace the library's.
        sys.path += [folder] if folder == self.box else [folder, self.box]
        sys.argv = [name + ".py"]
        sys.dont_write_bytecode = True
        started = time.process_time()
        stumbles = self._run(name, os.path.join(folder, name), params["cells"], arrays)
        return Loaded(round(time.process_time() - started, 3), tuple(stumbles))

    def _run(self, name: str, path: str, cells: int, arrays: dict[str, np.ndarray]) -> list[Stumble]:
        """Make the module and run its code in it. In a package it gets the package's name, for relative imports."""
        full, package = _dotted(name, path, self.box)
        self._module = sys.modules[full] = sys.modules[name] = module = ModuleType(full)
        module.__package__ = package
        module.__file__ = f"{path}.ipynb" if cells else f"{path}.py"
        if package:
            importlib.import_module(package)
        if cells:
            sources = [arrays[f"cell {index}"].tobytes().decode() for index in range(cells)]
            return topcode.run_cells(sources, module.__file__, vars(module), self.box)
        with open(module.__file__, "rb") as file:
            source = file.read()
        return topcode.run_module(source, module.__file__, vars(module), self.box)

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
        if file.endswith(".ipynb"):  # a class in a cell is found by its first method
            codes = [code for method in vars(value).values() if (code := getattr(method, "__code__", None))]
            return (os.path.relpath(codes[0].co_filename, self.box), codes[0].co_firstlineno) if codes else (None, None)
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


def _dotted(name: str, path: str, box: str) -> tuple[str, str]:
    """The module's full name and its package: folders with an ``__init__.py`` above it make a package."""
    parts, folder = [name], os.path.dirname(path)
    while folder != box and os.path.exists(os.path.join(folder, "__init__.py")):
        parts.insert(0, os.path.basename(folder))
        folder = os.path.dirname(folder)
    return ".".join(parts), ".".join(parts[:-1])
