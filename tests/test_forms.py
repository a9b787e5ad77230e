"""The normal form of a program: what it leaves out, what it keeps, and when there is none."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import pytest

from grader import forms
from grader.errors import WorkerLost
from grader.forms import Reader
from grader.sandbox.fake import FakeSandbox, answer
from grader.sandbox.host import Zygote
from grader.sandbox.limits import MEMORY_LIMIT, Death, Limits
from grader.submission import Module, Submission
from grader.wire.records import Form, Forms
from grader.worker.forms import of_module

NAMES = ["Net", "Other", "helper_exercise"]
BASE = '''
    """A module."""
    import torch
    import torch.nn as nn

    def tail(x):
        return x * 2

    class Other(nn.Module):
        def forward(self, x):
            return x

    class Net(nn.Module):
        """A network."""

        def __init__(self, width: int, *, depth=2):
            super().__init__()
            sizes = [width] * depth
            self.layer = nn.Linear(*sizes)

        def forward(self, x):
            hidden = self.layer(x)
            return tail(hidden)
'''


def form(source: str, name: str = "Net", **files: str) -> str:
    """The form of an exercise in a file, beside others; empty where it has none."""
    texts = {"work.py": source, **{f"{key}.py": text for key, text in files.items()}}
    encoded = {path: textwrap.dedent(text).encode() for path, text in texts.items()}
    return next((found.digest for found in of_module("work", [], encoded, NAMES) if found.exercise == name), "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hidden = self.layer(x)", "hidden = self.layer(x)  # apply"),
        ("hidden", "after_the_layer"),
        ("sizes", "s"),
        ('        """A network."""\n', ""),
        ('"""A module."""', '"""Another text."""'),
        ("    def tail(x):", "\n\n\n    def tail(x):"),
        ("self.layer(x)", "self.layer(\n                x\n            )"),
        ("            return x\n", "            return x + 1\n"),
        (
            "        def forward(self, x):\n            return x\n",
            "        def forward(self, y=-1):\n            pass\n",
        ),
    ],
    ids=[
        "comment",
        "local",
        "local-in-init",
        "docstring",
        "module-docstring",
        "lines",
        "layout",
        "other",
        "other-literal",
    ],
)
def test_what_does_not_matter(old: str, new: str) -> None:
    """Programs that do the same by construction should have one form."""
    assert old in BASE
    assert form(BASE) == form(BASE.replace(old, new)) != ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x * 2", "x * 3"),
        ("x * 2", "x * 2.0"),
        ("depth=2", "depth=3"),
        ("width: int", "size: int"),
        ("[width]", "[size]"),
        ("self.layer", "self.linear"),
        ("tail(hidden)", "tail(x)"),
        ("    class Net", "    nn.Linear = nn.Bilinear\n\n    class Net"),
        ("nn.Linear(*sizes)", "Other(*sizes)"),
        ("    class Other(nn.Module):", "    @print\n    class Other(nn.Module):"),
        ("    class Other(nn.Module):", "    class Other(print(1)):"),
        ("        def forward(self, x):\n            return x\n", "        print(1)\n"),
        (
            "        def forward(self, x):\n            return x\n",
            "        def forward(self, x=print()):\n            return x\n",
        ),
        ("import torch\n", "import torch\n    torch.set_default_dtype(torch.float64)\n"),
        ("    class Other(nn.Module):", "    class Other(nn.Modul):"),
        ("forward(self, x):\n            return x\n", "forward(self, x: Tensor):\n            return x\n"),
        ("forward(self, x):\n            return x\n", "forward(self, x) -> Tensor:\n            return x\n"),
        ("forward(self, x):\n            return x\n", "forward(self, x=1 / 0):\n            return x\n"),
    ],
)
def test_what_matters(old: str, new: str) -> None:
    """Whatever may change what the exercise does should change its form; `[size]` has none since it is undefined? No:
    it is another program, too."""
    assert old in BASE
    assert form(BASE) != form(BASE.replace(old, new))


@pytest.mark.parametrize(
    "line",
    [
        "print(locals())",
        "import inspect",
        "from sys import _getframe",
        "open(__file__)",
        "x = eval('1')",
        "import os.path",
        "torch.load('weights.pt')",
        "from PIL import Image; Image.open('cat.png')",
        "plt.imread('cat.png')",
        "import codecs; codecs.open('work.py')",
        "print(Net.__init__.__code__)",
        "getattr(torch, 'ones')",
        "print('{0.__code__.co_varnames}'.format(tail))",
        "print(object.__getattribute__(tail, '__co' + 'de__'))",
        "match tail:\n        case object(__code__=code): print(code)",
    ],
)
def test_code_that_may_look_at_itself_has_no_form(line: str) -> None:
    """Names of variables, lines and files must not be seen by what is taken for the same."""
    assert form(BASE) != ""
    assert form(f"{BASE}\n    {line}\n") == ""


def test_another_exercise_counts_where_it_is_spoken_of() -> None:
    """Used, named as a text, or changed from outside: then what it is matters."""
    for use in ("    extra = Other\n", "    register('Other')\n", "    Other.forward = None\n"):
        one, two = (
            f"{text}\n{use}" for text in (BASE, BASE.replace("            return x\n", "            return -x\n"))
        )
        assert form(one) != form(two)


def test_another_exercise_counts_where_a_file_beside_speaks_of_it() -> None:
    """What an exercise calls there may come back for it; so may what is done whenever a class is defined."""
    changed = BASE.replace("            return x\n", "            return -x\n")
    for helper in (
        "def tail(x):\n    import work\n    return work.Other()(x)\n",
        "class Base(metaclass=print): pass\n",
    ):
        one, two = (text.replace("import torch\n", "import torch\n    import pieces\n", 1) for text in (BASE, changed))
        assert form(one, pieces="a = 1") == form(two, pieces="a = 1") != ""
        assert form(one, pieces=helper) != form(two, pieces=helper)


SCRIPT = 'if __name__ == "__main__":'


def as_script(guard: str, line: str) -> str:
    """The exercise with that line behind a guard."""
    return f"{BASE}\n    {guard}\n        {line}\n"


@pytest.mark.parametrize("line", ["print(Net(2))", "Other.forward = None", "import sys", "import pieces"])
def test_what_only_a_script_would_run_does_not_matter(line: str) -> None:
    """No worker runs a file as a script; an `else`, another condition, or another `__name__` is another matter."""
    assert form(as_script(SCRIPT, "print(1)")) == form(as_script(SCRIPT, line)) == form(BASE) != ""
    assert form(as_script("if '__main__' == __name__:", line)) == form(BASE)
    for guard in (f"{SCRIPT}\n        pass\n    else:", "if __name__ == 'work':", "if not __name__ == '__main__':"):
        assert form(as_script(guard, "print(1)")) != form(as_script(guard, "print(2)"))
    for renamed in (
        "__name__ = '__main__'",
        "from pieces import name as __name__",
        "__all__ = ['__name__']",
        "match {}:\n        case {**__name__}: pass",
        "def __main__(): pass\n    update(work, __main__)",
        "functools.wraps(script)(work)",
        "work.__setattr__('__na' + 'me__', '__ma' + 'in__')",
    ):
        one, two = (f"{as_script(SCRIPT, f'print({number})')}\n    {renamed}\n" for number in (1, 2))
        assert form(one) != form(two)


def test_reading_the_name_of_a_class_is_no_renaming() -> None:
    """`type(x).__name__` is common in what students print."""
    named = BASE.replace("import torch\n", "import torch\n    print(torch.nn.Linear.__name__)\n", 1)
    assert form(named) == form(f"{named}\n    {SCRIPT}\n        print(1)\n") != ""


def test_files_beside_count_where_any_may_be_imported() -> None:
    """A helper module belongs to the form of what imports it, and to no other."""
    using = BASE.replace("import torch\n", "import torch\n    import pieces\n", 1)
    assert form(using, pieces="a = 1") != form(using, pieces="a = 2")
    assert form(using, pieces="a = 1") == form(using, pieces="a = 1  # one")
    assert form(BASE, pieces="a = 1") == form(BASE, pieces="a = 2")
    assert form(using, pieces="import inspect") == ""
    assert form(BASE, pieces="def (") == form(BASE)
    assert form(using, pieces="def (") == ""


def test_that_a_file_is_there_counts_though_nothing_is_in_it() -> None:
    """Without it, the import raises."""
    using = BASE.replace("import torch\n", "import torch\n    import pieces\n", 1)
    assert len({form(using), form(using, pieces=""), form(using, pieces="a = 1")}) == 3


def test_the_code_of_a_package_runs_before_its_modules() -> None:
    """So it belongs to their form, whatever they import; in the folder above there is none."""

    def of(**files: str) -> set[str]:
        encoded = {f"hw/{name}.py": text.encode() for name, text in {"work": textwrap.dedent(BASE), **files}.items()}
        return {found.digest for found in of_module("hw/work", [], encoded, ["Net"])}

    assert of(pieces="a = 1") == of(pieces="a = 2") == of()
    assert len(of() | of(__init__="") | of(__init__="raise ValueError")) == 3
    assert of(__init__="import inspect") == set()


def test_a_notebook_is_read_cell_by_cell() -> None:
    """Cells with IPython's own lines have forms, too; how the code is cut into cells matters."""
    whole = textwrap.dedent(BASE)
    head, tail = whole.split("class Net")
    cells = [f"%matplotlib inline\n{head}", f"class Net{tail}"]

    def of(cells: list[str]) -> list[str]:
        return [found.digest for found in of_module("work", cells, {}, ["Net"])]

    assert len(of(cells)) == 1
    assert of(cells) == of([cells[0], cells[1].replace("hidden", "h")])
    (found,) = of_module("work", cells, {}, ["Net"])
    assert (found.file, found.line) == ("work.ipynb, cell 2", 1)


@pytest.mark.parametrize("source", ["class Net(:", "\0", "(" * 5000])
def test_what_cannot_be_read_has_no_form(source: str) -> None:
    """Nor has anything in it."""
    assert form(source) == ""


def test_what_is_not_defined_has_the_form_of_all_that_is() -> None:
    """Not even another exercise may then be left out: a name may be like it, or stand for it."""
    sources = ["", "Net = print", "class Other: pass", "class Other: x = 1", "if 1:\n    class Net: pass"]
    assert len({form(source) for source in sources} - {""}) == len(sources)
    (found,) = of_module("work", [], {"work.py": b"Net = print"}, ["Net"])
    assert (found.file, found.line) == ("", 0)


def test_defined_twice_there_is_no_form() -> None:
    """Which of the two is meant is Python's to say."""
    assert form(f"{BASE}\n    class Net: pass\n") == ""


@pytest.fixture
def reader(zygote: Zygote) -> Iterator[Reader]:
    """A reader, in the real sandbox."""
    with Reader(zygote) as reader:
        yield reader


def read(reader: Reader, source: str) -> str:
    """The form of the network in a file, asked of a worker."""
    module = Module("work", "work.py")
    found = reader.forms(Submission("someone", {"work.py": textwrap.dedent(source).encode()}), {module: NAMES})
    return found[module.path, "Net"].digest if found else ""


def test_a_worker_reads_and_runs_nothing(reader: Reader) -> None:
    """One after the other, the same form as here; what would end a worker that ran it is only read."""
    assert read(reader, BASE) == form(BASE)
    assert read(reader, BASE.replace("hidden", "h")) == form(BASE)
    deadly = f"{BASE}\n    print([0] * 10**12)\n    while True: pass\n"
    assert read(reader, deadly) == form(deadly) != ""


def test_what_ends_the_worker_only_has_no_form(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next file should be read by the next worker."""
    monkeypatch.setattr(forms, "LIMITS", Limits(cpu_seconds=1.0, wall_seconds=0.01))
    assert read(reader, BASE + "\n    x = " + "+".join(["1"] * 3000)) == ""
    monkeypatch.undo()
    assert read(reader, BASE) == form(BASE)


def test_a_reader_changes_its_worker_now_and_then(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files beyond the count of one worker should be read all the same."""
    monkeypatch.setattr(forms, "MOST_READ", 2)
    with Reader(zygote) as reader:
        assert [read(reader, BASE) for _ in range(5)] == [form(BASE)] * 5


@pytest.mark.parametrize("end", [WorkerLost("the zygote is gone"), Death(MEMORY_LIMIT, "killed")])
def test_a_reader_whose_worker_is_lost_takes_another(end: WorkerLost | Death) -> None:
    """Or nothing would be known to be alike any more, for as long as somebody watches."""
    replies = iter([end, answer(Forms((Form("Net", "digest", "work.py", 1),)))])
    sandbox = FakeSandbox(lambda *_: next(replies))
    reader = Reader(sandbox)
    with pytest.raises(WorkerLost):
        read(reader, BASE)
    assert sandbox.lines[0].closed == 1
    assert read(reader, BASE) == "digest"
    reader.close()
    assert [line.closed for line in sandbox.lines] == [1, 1]
