"""The starters that students receive are what `scripts/make_stubs.py` derives from our solutions."""

import ast
import importlib.util
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "scripts" / "make_stubs.py"

EXERCISES = {
    "build_methods": [
        "Model_Seq",
        "build_sequential_args",
        "build_sequential_add_module",
        "build_sequential_ordered_dict",
        "Model_Lay",
        "Model_Lst",
        "Model_Dict",
    ],
    "layers": [
        "linear_module",
        "linear_functional",
        "FunctionalLinear",
        "FunctionalDropout",
        "conv_relu_pool",
        "training_step",
    ],
    "residual_blocks": ["RestNetBasicBlock", "RestNetDownBlock", "RestNet18"],
    "training": [
        "make_loaders",
        "make_criterion",
        "make_optimizer",
        "train_one_epoch",
        "evaluate",
        "fit",
        "plot_history",
    ],
}

SOLUTION = '''\
"""For students."""

import math  # kept

from torch import nn

LIMIT = 3
_SECRET = 4


# How we do it: a comment that goes away with its helper.
def _helper(x):
    return x


# A word to students.
class Block(nn.Module):
    """What to build."""

    def __init__(
        self,
        size: int,  # how many
    ) -> None:
        super().__init__()
        self.size = _helper(size)
        # the trick is here

    # The computation.
    def forward(self, x):
        """What comes out."""
        return self._inner(x)

    def _inner(self, x):
        return x


def build(size: int) -> Block:  # short
    return Block(size)
'''

STARTER = '''\
"""For students."""

import math  # kept

from torch import nn

LIMIT = 3


# A word to students.
class Block(nn.Module):
    """What to build."""

    def __init__(
        self,
        size: int,  # how many
    ) -> None:
        super().__init__()
        raise NotImplementedError("Block: define the layers here")

    # The computation.
    def forward(self, x):
        """What comes out."""
        raise NotImplementedError("Block: compute the output here")


def build(size: int) -> Block:  # short
    raise NotImplementedError("build: write this function")
'''

HANDOUT = "# demo\n\nBuild a block: 搭积木.\n"


def load(path: Path) -> ModuleType:
    """Import a file that is not part of a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[path.stem]
    return module


@pytest.fixture(scope="module")
def make_stubs() -> ModuleType:
    """The script as a module."""
    return load(SCRIPT)


def starter(name: str) -> Path:
    """Where the starter of an assignment lies."""
    return ROOT / "assignments" / name / f"{name}.py"


def notebook(name: str) -> Path:
    """Where the starter of an assignment lies as a notebook."""
    return ROOT / "assignments" / name / f"{name}.ipynb"


def code_of(text: str) -> str:
    """The code cells of a notebook as one module: two blank lines between them."""
    cells = json.loads(text)["cells"]
    return "\n\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code") + "\n"


def course(root: Path) -> Path:
    """A course of one assignment, `demo`, with its handout and its solution; gives the folder of the handout."""
    handed_out, ours = root / "assignments" / "demo", root / "reference" / "demo"
    for folder in (handed_out, ours):
        folder.mkdir(parents=True)
    (handed_out / "README.md").write_text(HANDOUT, encoding="utf-8")
    (ours / "solution.py").write_text(SOLUTION, encoding="utf-8")
    return handed_out


def functions(tree: ast.AST) -> list[ast.FunctionDef]:
    """All functions and methods of a file."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def test_small_solution(make_stubs: ModuleType) -> None:
    """Docstrings, comments and signatures stay as written; bodies and private helpers go."""
    assert make_stubs.stub_of(SOLUTION) == STARTER


def test_stub_of_a_stub_is_itself(make_stubs: ModuleType) -> None:
    """Deriving twice changes nothing."""
    assert make_stubs.stub_of(STARTER) == STARTER


def test_parts_are_named_after_exercises(make_stubs: ModuleType) -> None:
    """A notebook can be made of the parts: one preamble, then one part for each exercise."""
    parts = make_stubs.parts_of(SOLUTION)
    assert [part.name for part in parts] == [None, "Block", "build"]
    assert "".join(part.text for part in parts) == STARTER


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import math\n", "no exercise found"),
        ("def f(): return 1\n", "a line of its own"),
        ("def f():\n    return 1\n\n\nLIMIT = 3\n", "above the first exercise"),
    ],
)
def test_unfit_solutions_are_refused(make_stubs: ModuleType, source: str, reason: str) -> None:
    """A solution from which no honest starter can be derived is refused with a reason."""
    with pytest.raises(ValueError, match=reason):
        make_stubs.stub_of(source)


@pytest.mark.parametrize("name", EXERCISES)
def test_starter_is_up_to_date(make_stubs: ModuleType, name: str) -> None:
    """The starter in the repository equals the derived one."""
    solution = ROOT / "reference" / name / "solution.py"
    assert starter(name).read_text(encoding="utf-8") == make_stubs.stub_of(solution.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EXERCISES)
def test_starter_sets_every_exercise(make_stubs: ModuleType, name: str) -> None:
    """The starter defines the exercises of the course, in order, and nothing else."""
    parts = make_stubs.parts_of(starter(name).read_text(encoding="utf-8"))
    assert [part.name for part in parts] == [None, *EXERCISES[name]]


@pytest.mark.parametrize("name", EXERCISES)
def test_every_body_raises(name: str) -> None:
    """Every function of a starter ends by raising NotImplementedError, after at most `super().__init__()`."""
    for function in functions(ast.parse(starter(name).read_text(encoding="utf-8"))):
        body = [ast.unparse(node) for node in function.body if ast.unparse(node) != "super().__init__()"]
        if ast.get_docstring(function) is not None:
            body = body[1:]
        assert len(body) == 1, function.name
        assert body[0].startswith("raise NotImplementedError("), function.name
        assert (len(function.body) > len(body)) or function.name != "__init__"


@pytest.mark.parametrize("name", EXERCISES)
def test_starter_can_be_imported(name: str) -> None:
    """A starter imports without an error, and using an exercise says that it is not written yet."""
    module = load(starter(name))
    for exercise in EXERCISES[name]:
        build = getattr(module, exercise)
        arguments = [1] * len(inspect.signature(build).parameters)
        with pytest.raises(NotImplementedError, match=exercise):
            build(*arguments)


def test_check_reports_a_stale_starter(
    make_stubs: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` exits 1 with a diff while a starter is stale, writes nothing, and exits 0 once it is written."""
    handed_out = course(tmp_path)
    assert make_stubs.main(["--check"], tmp_path) == 1
    assert '+    raise NotImplementedError("build: write this function")' in capsys.readouterr().out
    assert [path.name for path in handed_out.iterdir()] == ["README.md"]
    assert make_stubs.main([], tmp_path) == 0
    assert (handed_out / "demo.py").read_text(encoding="utf-8") == STARTER
    assert make_stubs.main(["--check"], tmp_path) == 0


@pytest.mark.parametrize("change", ["handout", "notebook", "gone"])
def test_check_reports_a_stale_notebook(
    make_stubs: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    """`--check` notices a handout, a cell or a whole notebook that was changed alone, and the script mends it."""
    handed_out = course(tmp_path)
    made = handed_out / "demo.ipynb"
    make_stubs.main([], tmp_path)
    if change == "handout":
        (handed_out / "README.md").write_text(HANDOUT + "\nOne more word.\n", encoding="utf-8")
    elif change == "notebook":
        made.write_text(made.read_text(encoding="utf-8").replace("LIMIT = 3", "LIMIT = 4"), encoding="utf-8")
    else:
        made.unlink()
    capsys.readouterr()
    assert make_stubs.main(["--check"], tmp_path) == 1
    said = capsys.readouterr()
    assert "assignments/demo/demo.ipynb (from the solution)" in said.out
    assert "1 stale" in said.err
    assert make_stubs.main([], tmp_path) == 0
    assert make_stubs.main(["--check"], tmp_path) == 0


WORDS = {
    "module": "给学生。",
    "docstrings": {"Block": "第一行。\n\n参数：\n    size：多少。\n", "Block.forward": "输出。"},
    "comments": {
        "# kept": "# 保留", "# A word to students.": "# 一句话。", "# how many": "# 多少",
        "# The computation.": "# 计算。", "# short": "# 短",
    },
}  # fmt: skip


def named(handout: str) -> set[str]:
    """The names and formulas of a handout, and what exercises are worth."""
    return set(re.findall(r"`[^`\n]+`|\| \**\d+\** \|$", handout, re.MULTILINE))


def bare(text: str) -> str:
    """The code of a file, without docstrings; the tree has no comments anyway."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def test_a_starter_in_another_language_has_the_same_code(make_stubs: ModuleType) -> None:
    """Docstrings are laid out as ours are, and every comment is replaced."""
    text = make_stubs.translated(STARTER, WORDS)
    assert bare(text) == bare(STARTER)
    assert text.startswith('"""给学生。"""\n\nimport math  # 保留\n')
    assert '    """第一行。\n\n    参数：\n        size：多少。\n    """\n\n    def __init__(' in text
    assert '        """输出。"""\n        raise' in text
    assert (
        make_stubs.translated(text, WORDS | {"comments": {said: said for said in WORDS["comments"].values()}}) == text
    )


@pytest.mark.parametrize("part", ["docstrings", "comments"])
def test_a_translation_is_whole(make_stubs: ModuleType, part: str) -> None:
    """What has no translation, and a translation of nothing, are refused by name."""
    with pytest.raises(ValueError, match=f"{part} that the solution does not have: nowhere"):
        make_stubs.translated(STARTER, WORDS | {part: {**WORDS[part], "nowhere": "x"}})
    with pytest.raises(ValueError, match=f"{part} without a translation: .*(Block|short)"):
        make_stubs.translated(STARTER, WORDS | {part: {}})


@pytest.mark.parametrize("name", EXERCISES)
def test_the_chinese_starter_differs_in_words_only(make_stubs: ModuleType, name: str) -> None:
    """Its code is that of the English one, every docstring is Chinese; the notebook holds both it and its handout."""
    folder = ROOT / "assignments" / name / "zh"
    text = (folder / f"{name}.py").read_text(encoding="utf-8")
    english = starter(name).read_text(encoding="utf-8")
    assert bare(text) == bare(english)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (said := ast.get_docstring(node)):
            assert any("\u4e00" <= char <= "\u9fff" for char in said), said
    found = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    assert code_of((folder / f"{name}.ipynb").read_text(encoding="utf-8")) == text
    handout = (folder / "README.md").read_text(encoding="utf-8")
    assert found.cells[0].source + "\n" == handout
    assert named(handout) == named(starter(name).with_name("README.md").read_text(encoding="utf-8"))


def test_small_notebook(make_stubs: ModuleType) -> None:
    """The handout comes first, then the imports, then for each exercise its name, one line on it, and its stub."""
    text = make_stubs.notebook_of(SOLUTION, HANDOUT)
    cells = json.loads(text)["cells"]
    assert [(cell["cell_type"], cell["id"]) for cell in cells] == [
        ("markdown", "handout"),
        ("code", "imports"),
        ("markdown", "about-block"),
        ("code", "block"),
        ("markdown", "about-build"),
        ("code", "build"),
    ]
    assert "".join(cells[0]["source"]) == HANDOUT.rstrip("\n")
    assert "".join(cells[2]["source"]) == "## `Block`\n\nWhat to build."
    assert "".join(cells[4]["source"]) == "## `build`"
    assert code_of(text) == STARTER


def test_a_notebook_is_the_same_every_time(make_stubs: ModuleType) -> None:
    """Nothing in it is drawn by chance, nothing was run, and it is laid out as Jupyter does, one space a level."""
    text = make_stubs.notebook_of(SOLUTION, HANDOUT)
    assert text == make_stubs.notebook_of(SOLUTION, HANDOUT)
    assert text.startswith('{\n "cells": [\n')
    assert text.endswith("}\n")
    assert "搭积木" in text
    code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.parametrize("name", EXERCISES)
def test_notebook_is_up_to_date(make_stubs: ModuleType, name: str) -> None:
    """The notebook in the repository is valid, and holds the handout and exactly the starter's code."""
    text = notebook(name).read_text(encoding="utf-8")
    found = nbformat.reads(text, as_version=4)
    nbformat.validate(found)
    assert (found.nbformat, found.nbformat_minor) == (4, 5)
    assert found.cells[0].source + "\n" == notebook(name).with_name("README.md").read_text(encoding="utf-8")
    assert code_of(text) == starter(name).read_text(encoding="utf-8")
    solution = (ROOT / "reference" / name / "solution.py").read_text(encoding="utf-8")
    assert text == make_stubs.notebook_of(solution, found.cells[0].source)


@pytest.mark.parametrize("name", EXERCISES)
def test_notebook_says_a_sentence_on_each_exercise(name: str) -> None:
    """Every exercise has a heading and one line under it."""
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(notebook(name).read_text("utf-8"))["cells"]}
    assert list(cells)[:2] == ["handout", "imports"]
    for exercise in EXERCISES[name]:
        heading, empty, sentence = cells[f"about-{exercise.lower()}"].split("\n")
        assert (heading, empty) == (f"## `{exercise}`", "")
        assert sentence.endswith((".", ":"))


def test_script_runs_from_anywhere(tmp_path: Path) -> None:
    """The script finds the repository by its own place, not by the current folder."""
    run = subprocess.run([sys.executable, SCRIPT, "--check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
