"""Arrows point one way: who may import whom, and what may never be imported at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import grader

PACKAGE = Path(grader.__file__).parent
# Each part may import itself and what is named here; nothing else of ours.
ALLOWED: dict[str, set[str]] = {
    "__init__": set(),
    "__main__": {"cli"},
    "language": set(),
    "model": set(),
    "errors": set(),
    "entry": {"model"},
    "wire": set(),
    "worker": {"wire"},
    "retold": set(),
    "sandbox": {"errors", "model", "retold", "wire", "worker"},
    "doctor": {"errors", "sandbox"},
    "tables": set(),
    "coursewide": {"errors"},
    "course": {"coursewide", "errors", "sandbox", "tables", "text"},  # sandbox: limits travel as data to the walls
    "notebook": {"errors"},
    "bank": {"course", "errors"},
    "text": set(),
    "saved": set(),
    "attempts": {"model"},
    "standing": set(),
    "pool": set(),
    "source": {"retold", "text"},
    "snapshot": {"errors", "notebook", "text"},
    "submission": {"errors", "model", "notebook", "retold", "snapshot", "source", "text"},
    "evidence": {"sandbox", "wire"},
    "plan": {"course", "evidence", "sandbox"},
    "trajectory": {"evidence"},
    "store": {"attempts", "evidence", "sandbox", "saved", "wire"},
    "checks": {"course", "evidence", "model", "retold", "sandbox", "wire"},
    "diagnosis": {"bank", "checks", "course", "errors", "evidence", "plan", "sandbox", "wire"},
    "picture": set(),
    "exhibits": {"checks", "evidence", "model", "picture", "submission", "text", "wire"},
    "rubric": {"checks", "course", "model"},
    "sharing": {"evidence"},
    "asking": {"errors", "evidence", "plan", "sandbox", "submission", "wire"},
    "answers": {"wire", "asking", "errors", "evidence", "model", "plan", "pool", "sandbox", "store", "submission"},
    "packing": {"answers", "errors", "evidence", "model", "saved", "wire"},
    "database": {"errors"},
    "gradebook": {"answers", "attempts", "database", "errors", "model", "packing", "saved", "submission"},
    "references": {"asking", "course", "evidence", "plan", "sandbox", "store", "submission", "sharing"},
    "demonstration": {"asking", "checks", "course", "diagnosis", "evidence", "model", "plan", "sandbox", "submission"},
    "forms": {"errors", "evidence", "sandbox", "submission", "wire"},
    "standins": {"bank", "course", "plan"},
    "investigation": {
        "answers", "asking", "bank", "checks", "course", "demonstration", "diagnosis", "errors", "evidence", "model",
        "plan", "references", "sandbox", "standins", "submission", "wire",
    },
    "grading": {
        "__init__", "answers", "asking", "bank", "investigation", "pool", "references",
        "checks", "course", "errors", "evidence", "exhibits", "model", "plan", "rubric", "sandbox", "store",
        "submission", "text", "trajectory", "wire",
    },
    "recollection": {"answers", "evidence", "model"},
    "desk": {"answers", "asking", "evidence", "model", "plan", "pool", "sandbox", "submission"},
    "board": {"model"},
    "watching": {
        "answers", "asking", "board", "desk", "errors", "evidence", "forms", "grading", "plan", "recollection",
        "submission", "wire",
    },
    "moments": set(),
    "classroom": {"entry", "model", "moments", "retold", "text"},
    "batch": {
        "answers", "asking", "bank", "errors", "forms", "gradebook", "grading", "model", "standing", "submission",
        "text",
    },
    "publishing": {"attempts", "classroom", "entry", "errors", "gradebook", "model", "report", "submission"},
    "data": {"course", "errors"},
    "bands": {"asking", "course", "errors", "evidence", "grading", "plan", "sandbox", "store", "submission"},
    "mutation": set(),
    "tally": set(),
    "trials": {"bank", "course", "errors", "mutation", "tally"},
    "selftest": {
        "course", "coursewide", "errors", "grading", "model", "plan", "report", "sandbox", "store", "submission",
        "tally", "trials",
    },
    "explanations": set(),
    "catalogue": {"errors", "explanations"},
    "report": {"attempts", "board", "catalogue", "classroom", "entry", "model", "standing", "tally", "text"},
    "cli": {
        "__init__", "attempts", "bands", "batch", "board", "catalogue", "course", "coursewide", "data", "database",
        "doctor", "errors", "explanations", "gradebook", "grading", "model", "plan", "publishing", "report", "sandbox",
        "selftest", "standing", "store", "submission", "text", "watching",
    },
}  # fmt: skip
ANYWHERE = {"language"}  # but not where students' code runs, and in what is sent from there
HEAVY = {"torch", "torchvision", "matplotlib"}


def modules() -> list[Path]:
    """All Python files of the package, without the course that an installed one carries."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "_course" not in path.parts]


def part_of(path: Path) -> str:
    """The first level below the package: a folder or a module."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def nodes(path: Path) -> Iterator[ast.AST]:
    """Everything in a file."""
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


@cache
def imports(path: Path) -> frozenset[str]:
    """Full names of everything that a file imports, at the top or inside functions."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return frozenset(found)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_table(path: Path) -> None:
    """No module imports from a part that the table does not allow it."""
    part = part_of(path)
    assert part in ALLOWED, f"{part} is new: say in the table what it may import"
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("grader.")}
    ours = {name if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists() else "__init__" for name in ours}
    allowed = ALLOWED[part] | {part} | (ANYWHERE if part not in ("wire", "worker") else set())
    assert ours <= allowed, f"{path.name} imports {ours - allowed}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_torch_stays_in_the_worker(path: Path) -> None:
    """Only the worker, and the zygote that forks it, import torch."""
    names = {name.split(".")[0] for name in imports(path)}
    if part_of(path) != "worker" and path.name != "zygote.py":
        assert not names & HEAVY


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_data_is_never_run(path: Path) -> None:
    """Nobody unpickles, the worker included; outside of it nobody evaluates text, or loads arrays that may be code."""
    names = {name.split(".")[0] for name in imports(path)}
    assert not names & {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml"}
    if part_of(path) == "worker":
        return
    for call in (node for node in nodes(path) if isinstance(node, ast.Call)):
        said = ast.unparse(call.func)
        assert said not in ("eval", "exec", "__import__", "torch.load", "builtins.eval", "builtins.exec"), said
        if said in ("np.load", "numpy.load"):
            assert "allow_pickle=False" in ast.unparse(call), f"{path.name}: {ast.unparse(call)}"


def test_the_zygote_speaks_no_language() -> None:
    """What the zygote imports of us, by whatever way, is the same whatever language is spoken."""
    found, front = set(), ["grader.sandbox.zygote"]
    while front:
        name = front.pop()
        file = PACKAGE.parent / f"{name.replace('.', '/')}.py"
        if name not in found and file.exists():
            found.add(name)
            front += [other for other in imports(file) if other.startswith("grader.")]
    assert {"grader.sandbox.lockdown", "grader.worker.main", "grader.wire.frames"} <= found
    assert not found & {"grader.language", "grader.retold"}


def test_what_comes_from_a_worker_opens_nothing() -> None:
    """What reads a worker's bytes imports nothing that could open a file, a socket or a process."""
    pure = {"__future__", "collections", "dataclasses", "functools", "json", "math", "re", "struct", "types", "typing"}
    for path in (PACKAGE / "wire").glob("*.py"):
        names = {name.split(".")[0] for name in imports(path)}
        assert names <= pure | {"grader", "numpy", "safetensors"}, f"{path.name} imports {names - pure}"
        assert "open(" not in path.read_text(encoding="utf-8")


def test_only_the_zygote_imports_the_worker() -> None:
    """The grader's side never runs the worker's code."""
    users = {path.name for path in modules() if any(n.startswith("grader.worker") for n in imports(path))}
    assert {name for name in users if not (PACKAGE / "worker" / name).exists()} == {"zygote.py"}


def test_whoever_speaks_has_the_word_for_it() -> None:
    """A function that binds `_`, as for what it throws away, has no `_` to say a text with: it fails when it does."""
    for path in modules():
        for function in nodes(path):
            if isinstance(function, ast.FunctionDef):
                inside = tuple(ast.walk(function))
                names = [node for node in inside if isinstance(node, ast.Name) and node.id == "_"]
                if not names:
                    continue
                calls = {node.func for node in inside if isinstance(node, ast.Call)}
                speaks = any(name in calls for name in names)
                inner = [node for node in inside if isinstance(node, ast.comprehension)]  # scopes of their own
                apart = {node for one in inner for node in ast.walk(one.target)}
                binds = any(isinstance(name.ctx, ast.Store) and name not in apart for name in names)
                assert not (speaks and binds), f"{path.name}, line {function.lineno}: {function.name}"


def test_modules_stay_small() -> None:
    """Past 400 lines there is a second noun in a module."""
    long = {str(path.relative_to(PACKAGE)): n for path in modules() if (n := len(path.read_text().splitlines())) > 400}
    assert long == {}
