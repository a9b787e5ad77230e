"""The normal form of the code that an exercise can reach, as a hash: equal hashes are the same program.

Left out are comments, layout, docstrings, names of local variables, what only a script would run, and other exercises
that nothing mentions, but for what is evaluated when they are defined. No code of the submission has been run when this
is asked, so nothing can have changed what is read here.

Only code that looks at itself (its frames, its own source, its variables by name) could tell two programs of one
normal form apart: where names are mentioned that serve for that, or that read files or the clock, there is no normal
form. A made-up difference would gain nothing: programs of one form run the same instructions.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from types import CodeType
from typing import Any

import numpy as np

from grader.wire.records import Form, Forms
from grader.worker import topcode
from grader.worker.bindings import FUNCTIONS, imported_by, parsed

Arrays = dict[str, np.ndarray]
Function = ast.FunctionDef | ast.AsyncFunctionDef
_WORD = re.compile(r"\w+")

# Whoever uses one of these may see more of a program than what it does, or less than all that it depends on.
_FUNCTIONS = frozenset(
    [
        "__builtins__", "__file__", "__import__", "__loader__", "__path__", "__spec__", "breakpoint", "compile",
        "delattr", "dir", "eval", "exec", "getattr", "globals", "hasattr", "help", "id", "input", "locals", "open",
        "setattr", "vars",
    ]
)  # fmt: skip
_ATTRIBUTES = frozenset(
    [
        "__annotations__", "__builtins__", "__code__", "__dict__", "__doc__", "__file__", "__globals__",
        "__loader__", "__mro__", "__path__", "__spec__", "__subclasses__", "__traceback__", "fromfile", "fx",
        "genfromtxt", "hub", "imread", "jit", "load", "loadtxt", "memmap", "open", "save", "savez", "script",
    ]
)  # fmt: skip
_MODULES = frozenset(
    [
        "ast", "asyncio", "atexit", "bdb", "builtins", "bz2", "cProfile", "code", "codecs", "ctypes",
        "datetime", "dis", "faulthandler", "fileinput", "gc", "glob", "gzip", "importlib", "inspect", "io",
        "linecache", "logging", "lzma", "marshal", "mmap", "multiprocessing", "operator", "os", "pathlib",
        "pdb", "pickle", "pkgutil", "platform", "posix", "resource", "runpy", "secrets", "shelve", "shutil",
        "signal", "site", "socket", "sqlite3", "subprocess", "symtable", "sys", "sysconfig", "tarfile",
        "tempfile", "threading", "time", "timeit", "tokenize", "traceback", "tracemalloc", "types", "unittest",
        "urllib", "uuid", "warnings", "weakref", "zipfile",
    ]
)  # fmt: skip
# Attributes that can also be had by their names alone: in a pattern, in a text that is formatted.
_BY_NAME = frozenset(word for word in _FUNCTIONS | _ATTRIBUTES if word.startswith("__")) | {"__getattribute__"}
# Whoever speaks of these may give a module the name of a script.
_RENAMING = frozenset(["__main__", "__setattr__", "update_wrapper", "wraps"])
# Whoever speaks of these may do something whenever a class is defined.
_HOOKS = frozenset(["__init_subclass__", "__prepare__", "metaclass"])


def forms(_: Any, params: dict[str, Any], arrays: Arrays) -> tuple[Forms, Arrays]:
    """The forms of the exercises ``params["names"]`` in ``params["module"]``. Parameters and arrays as in
    `Student.load`, which has not been asked: "0", "1", … the Python files at ``params["paths"]``; for a notebook
    "cell 0", "cell 1", …, as many as ``params["cells"]`` says."""
    files = {path: arrays[str(index)].tobytes() for index, path in enumerate(params["paths"])}
    cells = [arrays[f"cell {index}"].tobytes().decode() for index in range(params["cells"])]
    return Forms(tuple(of_module(params["module"], cells, files, params["names"]))), {}


def of_module(module: str, cells: Sequence[str], files: dict[str, bytes], names: Sequence[str]) -> Iterator[Form]:
    """The forms of the exercises in one module, of those that have one. What is not defined at its top level has the
    form of all code that does not define it."""
    own: list[tuple[str, str | bytes]]
    own = [(f"{module}.ipynb, cell {number}", topcode.without_magics(cell)) for number, cell in enumerate(cells, 1)]
    try:
        own = own or [(f"{module}.py", files[f"{module}.py"])]
        pieces = [piece for place, text in own for piece in _pieces(place, text)]
        importing = _imports(pieces, files) or _in_package(module, files)
        beside = [(path, text) for path, text in sorted(files.items()) if importing and path != own[0][0]]
        others = [piece for place, text in beside for piece in _pieces(place, text)]
        if not any(piece.renames for piece in (*pieces, *others)):
            pieces, others = ([piece for piece in each if not piece.script] for each in (pieces, others))
        for name in names:
            places = [(piece.part, piece.node.lineno) for piece in pieces if piece.defines == name]
            reached = _reachable(pieces, set(names) - {name}, others) if places else pieces
            if len(places) <= 1 and not any(piece.sees for piece in (*reached, *others)):
                digest = _digest(pieces, reached, others, [path for path, _ in beside])
                yield Form(name, digest, *(places[0] if places else ("", 0)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, KeyError):
        return


class Piece:
    """One statement at the top level of one file or cell, compiled as it will be run. Raises what compiling raises.

    `heads` are the parts of an idle definition that are evaluated all the same, and may raise: where, and as text.
    `script` says that it does something only where its file is run as a script, which no worker does; unless some
    statement `renames` the module.
    """

    def __init__(self, part: str, node: ast.stmt) -> None:
        self.part, self.node = part, node
        self.defines = node.name if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else ""
        self.idle = bool(self.defines) and _idle(node)
        self.heads = [(part, ast.unparse(each)) for each in _evaluated(node) if not _literal(each)]
        self.words, self.imports = _spoken(node), frozenset(imported_by(ast.Module([node], [])))
        self.script = _is_script(node)
        self.renames = not self.script and any(map(_renames, ast.walk(node)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(ast.Module([node], []), part, "exec", dont_inherit=True)
        self.sees = any(map(_sees, ast.walk(node)))
        self.digest = hashlib.sha256(repr((part, _normal(code))).encode()).digest()


@lru_cache(maxsize=64)  # of most files nothing changes from one submission's exercise to the next, or between saves
def _pieces(place: str, text: str | bytes) -> tuple[Piece, ...]:
    """The statements of a file or a cell. Raises ValueError where it is no Python, and what compiling raises."""
    return tuple(Piece(place, node) for node in _bare(text).body)


def _bare(text: str | bytes) -> ast.Module:
    """The tree without docstrings. Raises ValueError where there is none."""
    tree = parsed(text)
    if tree is None:
        raise ValueError("no Python")
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)) and _documented(node):
            alone = len(node.body) == 1 and not isinstance(node, ast.Module)
            node.body[:1] = [ast.Pass()] if alone else []
    return ast.fix_missing_locations(tree)


def _documented(node: ast.Module | ast.ClassDef | Function) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def _imports(pieces: Iterable[Piece], files: Collection[str]) -> bool:
    """Whether a module may import another file of the submission."""
    own = {part.removesuffix(".py") for path in files for part in path.split("/")}
    return any(not own.isdisjoint(name.split(".")) for piece in pieces for name in piece.imports)


def _in_package(module: str, files: Collection[str]) -> bool:
    """Whether a module lies in a package, whose own code runs before it, whatever it imports."""
    folder = module.rpartition("/")[0]
    return bool(folder) and f"{folder}/__init__.py" in files


def _reachable(pieces: Sequence[Piece], others: Collection[str], beside: Sequence[Piece]) -> list[Piece]:
    """The code without those other exercises that nothing else mentions, here or in the files `beside`, and that do
    nothing when they are defined."""
    kept = list(pieces)
    if not all(_HOOKS.isdisjoint(piece.words) for piece in (*pieces, *beside)):
        return kept
    while True:
        spoken = Counter(word for piece in (*kept, *beside) for word in piece.words)
        dropped = {
            piece
            for piece in kept
            if piece.idle and piece.defines in others and spoken[piece.defines] == (piece.defines in piece.words)
        }
        if not dropped:
            return kept
        kept = [piece for piece in kept if piece not in dropped]


def _spoken(top: ast.stmt) -> set[str]:
    """All words of a statement that may be names, those in texts too."""
    return {word for node in ast.walk(top) for word in _words(node)}


def _words(node: ast.AST) -> Iterator[str]:
    texts = (getattr(node, key, None) for key in ("id", "attr", "name", "asname", "arg", "value", "rest"))
    yield from (word for text in texts if isinstance(text, str) for word in _WORD.findall(text))
    lists = (getattr(node, key, ()) for key in ("names", "kwd_attrs"))
    yield from (name for names in lists for name in names if isinstance(name, str))


def _is_script(node: ast.stmt) -> bool:
    """Whether it is ``if __name__ == "__main__":``, with nothing else for everybody else."""
    compared = node.test if isinstance(node, ast.If) and not node.orelse else None
    if not isinstance(compared, ast.Compare) or not isinstance(compared.ops[0], ast.Eq):
        return False
    return sorted(map(ast.unparse, (compared.left, *compared.comparators))) == ["'__main__'", "__name__"]


def _renames(node: ast.AST) -> bool:
    """Whether it mentions ``__name__`` for anything but to read it, or may set it without a word of it."""
    reads, words = isinstance(getattr(node, "ctx", None), ast.Load), set(_words(node))
    return (not reads and "__name__" in words) or not _RENAMING.isdisjoint(words)


def _idle(node: ast.stmt) -> bool:
    """Whether defining it does nothing else: no decorators, no calls, plain bases, and only methods inside."""
    if isinstance(node, FUNCTIONS):
        return not node.decorator_list and not any(map(_acts, _evaluated(node)))
    if isinstance(node, ast.ClassDef):
        plain = all(isinstance(base, (ast.Name, ast.Attribute)) for base in node.bases)
        inside = all(isinstance(part, ast.Pass) or (isinstance(part, FUNCTIONS) and _idle(part)) for part in node.body)
        return plain and inside and not node.keywords and not node.decorator_list
    return False


def _evaluated(node: ast.stmt) -> Iterator[ast.expr]:
    """What a definition evaluates: bases, defaults, annotations; of a class, those of its methods too."""
    if isinstance(node, FUNCTIONS):
        annotations = [arg.annotation for arg in ast.walk(node.args) if isinstance(arg, ast.arg)]
        yield from filter(None, [*node.args.defaults, *node.args.kw_defaults, *annotations, node.returns])
    elif isinstance(node, ast.ClassDef):
        yield from node.bases
        for part in node.body:
            yield from _evaluated(part)


def _literal(node: ast.expr) -> bool:
    """Whether it is a plain value, which nothing can keep from being evaluated."""
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError):
        return False
    return True


def _acts(node: ast.AST) -> bool:
    return any(isinstance(part, (ast.Call, ast.NamedExpr, ast.Await, ast.Yield)) for part in ast.walk(node))


def _digest(pieces: Sequence[Piece], reached: Collection[Piece], others: Sequence[Piece], paths: Sequence[str]) -> str:
    """The hash of what is reached of the pieces, of what defining the rest evaluates in between, and of other files."""
    digest = hashlib.sha256(repr((sys.version_info, paths)).encode())
    for kept, group in groupby(pieces, set(reached).__contains__):
        some = list(group)
        part = [each.digest for each in some] if kept else sorted({head for each in some for head in each.heads})
        digest.update(repr(part).encode() if part else b"")
    digest.update(repr([each.digest for each in others]).encode())
    return digest.hexdigest()


def _sees(node: ast.AST) -> bool:
    if not _BY_NAME.isdisjoint(_words(node)):
        return True
    if isinstance(node, ast.Name):
        return node.id in _FUNCTIONS
    if isinstance(node, ast.Attribute):
        return node.attr in _ATTRIBUTES or node.attr in _MODULES
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        modules = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
        parts = {part for name in modules for part in name.split(".")}
        return not parts.isdisjoint(_MODULES | _ATTRIBUTES | _FUNCTIONS)
    return False


def _normal(value: Any) -> Any:
    """Code without the names of its local variables and without its lines; other constants with their types."""
    if isinstance(value, CodeType):
        arguments = value.co_argcount + value.co_kwonlyargcount
        return (
            *(value.co_name, value.co_argcount, value.co_posonlyargcount, value.co_kwonlyargcount, value.co_flags),
            *(value.co_varnames[:arguments], value.co_nlocals, len(value.co_cellvars), len(value.co_freevars)),
            *(value.co_code, value.co_names, value.co_exceptiontable, [_normal(each) for each in value.co_consts]),
        )
    if isinstance(value, (tuple, frozenset)):
        items = [_normal(each) for each in value]
        return type(value).__name__, items if isinstance(value, tuple) else sorted(items, key=repr)
    return type(value).__name__, value
