"""Derive the starters that students receive from our own solutions.

`reference/<name>/solution.py` becomes `assignments/<name>/<name>.py`: docstrings, imports and signatures stay as they
are written, bodies become `raise NotImplementedError(...)`, private helpers disappear. The same starter as a notebook
is `assignments/<name>/<name>.ipynb`, with the handout (`README.md`) in its first cell.

Where there is a `reference/<name>/handout.<language>.toml`, both are also made in that language, in
`assignments/<name>/<language>/`, where the handout is: docstrings and comments come from that file, code stays.
It holds `module`, the docstring of the file, and the tables `docstrings`, by the qualified name of what they belong to,
and `comments`, by the comment in the solution.

    python scripts/make_stubs.py            write every starter
    python scripts/make_stubs.py --check    write nothing; exit 1 and show the difference if a starter is stale
    python scripts/make_stubs.py --course DIR    … of another course
"""

import argparse
import ast
import difflib
import io
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

ROOT = Path(__file__).resolve().parent.parent

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

MESSAGES = {
    "function": "{name}: write this function",
    "__init__": "{name}: define the layers here",
    "forward": "{name}: compute the output here",
    "method": "{name}: write this method",
}
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True)
class Part:
    """A piece of a starter: the preamble (`name` is None) or one exercise, each fit to be a notebook cell."""

    name: str | None
    text: str


def stub_of(source: str) -> str:
    """Return the starter for this solution."""
    return "".join(part.text for part in parts_of(source))


def parts_of(source: str) -> list[Part]:
    """Cut a solution into the parts of its starter, in order; joined, their texts are the starter."""
    return list(_Stubber(source).parts())


class _Stubber:
    """Walks over one solution by line numbers, so that everything kept is kept as written."""

    def __init__(self, source: str) -> None:
        self._tree = ast.parse(source)
        self._lines = source.splitlines(keepends=True)
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        self._logical_ends = [token.end[0] for token in tokens if token.type == tokenize.NEWLINE]

    def parts(self) -> Iterator[Part]:
        preamble: list[str] = []
        started = False
        end_of_last = 0
        for node in self._tree.body:
            gap = self._gap(end_of_last, node)
            end_of_last = _last_line(node)
            if isinstance(node, Definition):
                if not _is_private(node.name):
                    if not started:
                        yield Part(None, "".join(preamble))
                        started = True
                    yield Part(node.name, gap + self._definition(node))
            elif _is_kept(node):
                if started:
                    raise ValueError(f"line {node.lineno}: statements must stand above the first exercise")
                preamble.append(gap + self._text(_first_line(node), end_of_last))
        if not started:
            raise ValueError("no exercise found")

    def _definition(self, node: Definition) -> str:
        if isinstance(node, ast.ClassDef):
            return self._class(node)
        return self._function(node, ["raise " + _error("function", node.name)])

    def _class(self, node: ast.ClassDef) -> str:
        text = self._head(node)
        end_of_last = _last_line(node.body[0]) if _has_docstring(node) else node.body[0].lineno - 1
        for member in node.body:
            if isinstance(member, Function) and not _is_private(member.name):
                text += self._gap(end_of_last, member) + self._method(member, node)
            end_of_last = _last_line(member)
        return text

    def _method(self, method: Function, owner: ast.ClassDef) -> str:
        kind = method.name if method.name in MESSAGES else "method"
        body = ["raise " + _error(kind, owner.name)]
        if method.name == "__init__" and owner.bases:
            body.insert(0, "super().__init__()")
        return self._function(method, body)

    def _function(self, node: Function, body: list[str]) -> str:
        indent = " " * node.body[0].col_offset
        return self._head(node) + "".join(f"{indent}{line}\n" for line in body)

    def _head(self, node: Definition) -> str:
        """Decorators, signature and docstring."""
        end_of_signature = next(line for line in self._logical_ends if line >= node.lineno)
        if node.body[0].lineno <= end_of_signature:
            raise ValueError(f"line {node.lineno}: the body of {node.name} must start on a line of its own")
        end = _last_line(node.body[0]) if _has_docstring(node) else end_of_signature
        return self._text(_first_line(node), end)

    def _gap(self, end_of_last: int, node: ast.stmt) -> str:
        """What stands above a statement, without the last comments of the body before it, which may tell too much."""
        lines = self._lines[end_of_last : _first_line(node) - 1]
        return "".join(line for line in lines if not line.strip() or _indent(line) == node.col_offset)

    def _text(self, first: int, last: int) -> str:
        return "".join(self._lines[first - 1 : last])


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, Definition) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _last_line(node: ast.stmt) -> int:
    assert node.end_lineno is not None  # always there on a tree that came from the parser
    return node.end_lineno


def _has_docstring(node: Definition) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def _is_kept(node: ast.stmt) -> bool:
    """Imports, the docstring and public constants are for students; anything else at the top level is ours."""
    if isinstance(node, ast.Assign):
        return not any(isinstance(target, ast.Name) and _is_private(target.id) for target in node.targets)
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)


def _error(kind: str, name: str) -> str:
    return f'NotImplementedError("{MESSAGES[kind].format(name=name)}")'


def notebook_of(source: str, handout: str) -> str:
    """Return the starter for this solution as a notebook: the handout, the imports, then a task and a stub each."""
    cells = [v4.new_markdown_cell(handout.strip("\n"), id="handout")]
    for part in parts_of(source):
        code = part.text.strip("\n")
        if part.name is None:
            cells.append(v4.new_code_cell(code, id="imports"))
        else:
            cells.append(v4.new_markdown_cell(_task(part), id=f"about-{part.name.lower()}"))
            cells.append(v4.new_code_cell(code, id=part.name.lower()))
    notebook = v4.new_notebook(cells=cells, metadata=KERNEL, nbformat_minor=5)
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)) + "\n"


def _task(part: Part) -> str:
    """The heading of an exercise, and the first sentence of its docstring on one line."""
    node = ast.parse(part.text).body[0]
    docstring = (ast.get_docstring(node) or "") if isinstance(node, Definition) else ""
    sentence = " ".join(docstring.partition("\n\n")[0].split())
    return f"## `{part.name}`\n\n{sentence}".rstrip()


def translated(starter: str, words: dict[str, Any]) -> str:
    """Return a starter with its docstrings and comments as `words` has them. Raises ValueError naming what is missing
    there, or too much.
    """
    docstrings = {"": words["module"], **words.get("docstrings", {})}
    comments = words.get("comments", {})
    lines = starter.splitlines(keepends=True)
    tokens = tokenize.generate_tokens(io.StringIO(starter).readline)
    found = [token for token in tokens if token.type == tokenize.COMMENT]
    _expect_same("comments", {token.string for token in found}, set(comments))
    for token in found:
        row, column = token.start
        lines[row - 1] = f"{lines[row - 1][:column]}{comments[token.string]}\n"
    described = dict(_described(ast.parse(starter)))
    _expect_same("docstrings", set(described), set(docstrings))
    for name, node in reversed(described.items()):
        lines[node.lineno - 1 : _last_line(node)] = [_docstring(docstrings[name], node.col_offset)]
    return "".join(lines)


def _described(node: ast.Module | Definition, name: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """The docstrings below a node, in their order, by qualified name."""
    if ast.get_docstring(node, clean=False) is not None:
        yield name, node.body[0]
    for member in node.body:
        if isinstance(member, Definition):
            yield from _described(member, f"{name}.{member.name}".lstrip("."))


def _docstring(text: str, indent: int) -> str:
    """A docstring as it is laid out in the file; its text is not indented."""
    margin = " " * indent
    first, *rest = text.strip().split("\n")
    below = "".join(f"{margin}{line}".rstrip() + "\n" for line in rest)
    end = f"{margin}" if rest else ""
    return f'{margin}"""{first}' + ("\n" if rest else "") + f'{below}{end}"""\n'


def _expect_same(what: str, needed: set[str], given: set[str]) -> None:
    for names, trouble in (
        (needed - given, "without a translation"),
        (given - needed, "that the solution does not have"),
    ):
        if names:
            raise ValueError(f"{what} {trouble}: {', '.join(sorted(name or 'module' for name in names))}")


def starters(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and the text that each starter should have: of every assignment the module, then the notebook;
    then both in other languages.
    """
    for solution in sorted(root.glob("reference/*/solution.py")):
        name = solution.parent.name
        folder = root / "assignments" / name
        source = solution.read_text(encoding="utf-8")
        yield folder / f"{name}.py", stub_of(source)
        yield folder / f"{name}.ipynb", notebook_of(source, (folder / "README.md").read_text(encoding="utf-8"))
        for file in sorted(solution.parent.glob("handout.*.toml")):
            there = folder / file.name.split(".")[1]
            try:
                starter = translated(stub_of(source), tomllib.loads(file.read_text(encoding="utf-8")))
            except ValueError as error:
                raise ValueError(f"{file.relative_to(root).as_posix()}: {error}") from error
            yield there / f"{name}.py", starter
            yield there / f"{name}.ipynb", notebook_of(starter, (there / "README.md").read_text(encoding="utf-8"))


def difference(path: Path, wanted: str, root: Path) -> str:
    """Return what has to change in the file at `path`, as a unified diff; empty if nothing has to."""
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    name = path.relative_to(root).as_posix()
    lines = difflib.unified_diff(
        found.splitlines(keepends=True),
        wanted.splitlines(keepends=True),
        f"{name} (now)",
        f"{name} (from the solution)",
    )
    return "".join(lines)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write or check all starters; return the exit status."""
    parser = argparse.ArgumentParser(description="Derive the students' starters from the reference solutions.")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if a starter is stale")
    parser.add_argument("--course", type=Path, default=root, help="another course folder")
    options = parser.parse_args(arguments)
    check, root = options.check, options.course.resolve()
    stale = 0
    try:
        wanted_of = dict(starters(root))
    except ValueError as error:
        print(f"make_stubs: {error}. Nothing was written.", file=sys.stderr)
        return 2
    for path, wanted in wanted_of.items():
        diff = difference(path, wanted, root)
        if not diff:
            continue
        stale += 1
        if check:
            print(diff, end="")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted, encoding="utf-8")
            print(f"wrote {path.relative_to(root).as_posix()}")
    if check and stale:
        print(f"\n{stale} stale. Run: python scripts/make_stubs.py", file=sys.stderr)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
