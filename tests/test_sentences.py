"""What works at home and not here, where there is no network, no GPU, no window, nobody who types, and one process.

Either it is turned into what works, with a note, or the report says in a sentence that helps what to do instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_hostile import LIMITS, PREAMBLE, VICTIM, exercise, graded, in_forward

from grader.course import Course
from grader.grading import Grader, Selection
from grader.model import Grade, Verdict
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store
from grader.submission import Submission

# Top-level code that cannot run here, each in a cell of its own, and words of the sentence that the report must have.
NO_DEVICE, NO_NETWORK = "That device is not there", "The network is off"
ONE_PROCESS, NOT_INSTALLED = "one process without a network", "is not installed where this is graded"
NOT_HERE, READ_ONLY = "Only what was handed in is there", "Only the current folder can be written to"
NO_EXIT = "Importing a file must not end the program"
TOLD = {
    "a module moved to the GPU": ("nn.Linear(2, 2).cuda()", NO_DEVICE),
    "a tensor moved to the GPU": ("torch.ones(2).to('cuda')", NO_DEVICE),
    "a tensor made on the GPU": ("torch.zeros(2, device=torch.device('cuda:0'))", NO_DEVICE),
    "a tensor made on a Mac's GPU": ("torch.zeros(2, device='mps')", NO_DEVICE),
    "the GPU's name": ("print(torch.cuda.get_device_name(0))", NO_DEVICE),
    "pinned memory": ("torch.ones(2).pin_memory()", NO_DEVICE),
    "input()": ("epochs = int(input('epochs? '))", "Nobody types"),
    "urllib": ("import urllib.request; urllib.request.urlopen('https://example.org/data.csv')", NO_NETWORK),
    "torch.hub": ("torch.hub.load('pytorch/vision', 'resnet18')", NO_NETWORK),
    "pretrained weights": ("import torchvision; torchvision.models.resnet18(weights='DEFAULT')", NO_NETWORK),
    "a data set to download": ("import torchvision; torchvision.datasets.MNIST('.', download=True)", NO_NETWORK),
    "a data set that is not there": ("import torchvision; torchvision.datasets.MNIST('data')", NO_NETWORK),
    "os.fork": ("os.fork()", ONE_PROCESS),
    "subprocess": ("import subprocess; subprocess.run(['pip', 'install', 'pandas'])", ONE_PROCESS),
    "multiprocessing": ("import multiprocessing as m; m.Process(target=print).start()", ONE_PROCESS),
    "Colab's drive": ("open('/content/drive/MyDrive/data.csv')", NOT_HERE),
    "a Windows path": (r"open('C:\\Users\\me\\data.csv')", NOT_HERE),
    "a file not handed in": ("open('data.csv')", NOT_HERE),
    "a file in the system": ("open('/usr/lib/mine.txt', 'w')", READ_ONLY),
    "sys.exit": ("sys.exit('done')", NO_EXIT),
    "quit": ("quit()", NO_EXIT),
    "argparse": ("import argparse; argparse.ArgumentParser().parse_args(['--epochs'])", NO_EXIT),
    "pandas": ("import pandas as pd", f"pandas {NOT_INSTALLED}. There are torch, numpy, matplotlib"),
    "sklearn": ("from sklearn.metrics import accuracy_score", f"sklearn {NOT_INSTALLED}"),
    "torchinfo": ("from torchinfo import summary", f"torchinfo {NOT_INSTALLED}"),
    "tensorboard": ("from torch.utils.tensorboard import SummaryWriter", f"tensorboard {NOT_INSTALLED}"),
    "Colab": ("from google.colab import drive", "Colab and Kaggle"),
    "IPython": ("from IPython.display import display", "What only a notebook has"),
    "a helper not handed in": ("from my_helpers import plot", "Hand in every file"),
    "a window": (
        "import matplotlib.pyplot as plt; import matplotlib; matplotlib.use('TkAgg'); plt.figure()",
        "There is no screen",
    ),
    "a compiler": (
        "import torch._dynamo; torch._dynamo.optimize('inductor')(lambda x: 2 * x)(torch.ones(2))",
        "There is no compiler here",
    ),
}

# Top-level code that must do no harm, and the note for it where there is one.
LOADERS = """
from torch.utils.data import DataLoader, TensorDataset
data = TensorDataset(torch.arange(10.0))
many = dict(prefetch_factor=4, persistent_workers=True, multiprocessing_context="fork", timeout=30, pin_memory=True)
class Mine(DataLoader):
    def __init__(self, data, **more):
        super().__init__(data, 4, num_workers=2, worker_init_fn=print, **more)
for loader in (
    DataLoader(data, 4, True, None, None, 3, **many),
    DataLoader(data, batch_size=4, num_workers=2),
    DataLoader(dataset=data, batch_size=4, num_workers=True, **many),
    Mine(data, **many),
):
    assert [len(x) for x, in loader] == [len(x) for x, in loader] == [4, 4, 2]
    assert loader.num_workers == 0
assert DataLoader(data).batch_size == 1
for wrong in (dict(num_workers=-1), dict(batch_size=4, batch_sampler=[[0]]), dict(nonsense=1)):
    try:
        DataLoader(data, **wrong)
    except (ValueError, TypeError) as error:
        assert "in_one_process" not in str(error)
    else:
        raise AssertionError(wrong)
"""
COMPILED = """
@torch.compile
def double(x):
    return 2 * x
@torch.compile(mode="max-autotune", fullgraph=True)
def triple(x):
    return 3 * x
@torch.compiler.disable
def once(x):
    return x
assert double(torch.ones(1)).item() == 2 and triple(torch.ones(1)).item() == 3 and once(torch.ones(1)).item() == 1
model = torch.compile(nn.Linear(2, 2), backend="inductor")
model.compile(dynamic=True)
assert list(model.state_dict()) == ["weight", "bias"] and model(torch.ones(1, 2)).shape == (1, 2)
"""
TRIED = """
import socket, subprocess, urllib.request
for attempt in (
    lambda: os.system("pip install pandas"),
    lambda: urllib.request.urlopen("https://example.org"),
):
    try:
        attempt()
    except OSError:
        pass
"""
SETTLED = """
import signal
torch.set_num_threads(8)
assert torch.get_num_threads() == 1  # everybody has one: more would wait for each other
torch.set_num_interop_threads(4)
torch.set_default_dtype(torch.float64)
torch.backends.cudnn.benchmark = True
torch.cuda.manual_seed_all(0)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
signal.setitimer(signal.ITIMER_REAL, 600)
torch.set_default_device("cuda")
"""
DRAWN = """
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()
plt.savefig("curve.png")
print("quiet")
"""
HARMLESS = {
    "loaders with processes": (LOADERS, ["num_workers=3 became 0: while grading, each submission has one process."]),
    "compiled models": (COMPILED, ["torch.compile was left out while grading: it changes speed, not values."]),
    "what fails in silence": (TRIED, ["A new process or program was tried", "The network was tried"]),
    "settings of the whole process": (SETTLED, []),
    "a window that is not opened": (DRAWN, []),
    "files in the current folder": ("torch.save({}, 'a.pt'); torch.load('a.pt'); os.makedirs('out/deep')", []),
}


@pytest.fixture(scope="module")
def plain_grader(course: Course, zygote: Zygote, cache: Path) -> Iterator[Grader]:
    """A grader of one small exercise, without its training run."""
    selection = Selection(exercises=frozenset([VICTIM]))
    with Grader(course.without_training(), zygote, Settings(11, limits=LIMITS), Store(cache), selection) as grader:
        yield grader


def notes_of(grade: Grade) -> list[str]:
    """The notes of a grade, but for the training run that is left out in these tests."""
    return [note for note in grade.notes if not note.startswith("Left out: ")]


@pytest.fixture(scope="module")
def notes(course: Course, zygote: Zygote, cache: Path) -> dict[str, str]:
    """The note on each of `TOLD`, from notebooks with a cell for each and the right answer at the end.

    A report shows so many notes only, hence several.
    """
    selection, found = Selection(exercises=frozenset([VICTIM])), {}
    with Grader(course.without_training(), zygote, Settings(11), Store(cache), selection) as grader:
        for start in range(0, len(TOLD), 12):
            names = list(TOLD)[start : start + 12]
            grade = grader.grade_collected(notebook(*(TOLD[name][0] for name in names)))
            assert grade.score == grade.max_score, grade.as_json()
            for cell, name in enumerate(names, start=2):
                place = f"build_methods.ipynb, cell {cell}: "
                (found[name],) = [note for note in grade.notes if note.startswith(place)]
    return found


def notebook(*sources: str) -> Submission:
    """A submission with these cells between the imports and the right answer."""
    cells = [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
        for source in (PREAMBLE, *sources, in_forward("pass"))
    ]
    content = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
    return Submission("told", {"build_methods.ipynb": content})


@pytest.mark.parametrize("name", TOLD)
def test_what_cannot_run_here_gets_a_sentence_that_helps(notes: dict[str, str], name: str) -> None:
    """The note on its cell should say what to do instead, and no folder of the grader's."""
    assert TOLD[name][1] in notes[name]
    assert "site-packages" not in notes[name]


def test_a_module_says_it_in_the_feedback(plain_grader: Grader) -> None:
    """In a module the same sentence should be the hint of the check that fails, beside the line."""
    code = in_forward("x = x.cuda()")
    failed = [c.finding for c in exercise(graded(plain_grader, code), VICTIM).checks if c.verdict is Verdict.FAILED]
    assert NO_DEVICE in failed[0].hint
    assert failed[0].where is not None
    assert failed[0].where.text == "x = x.cuda()"


@pytest.mark.parametrize("name", HARMLESS)
def test_what_can_be_adapted_does_no_harm(plain_grader: Grader, name: str) -> None:
    """It should cost no points, and be noted where the student would wonder."""
    code, says = HARMLESS[name]
    grade = graded(plain_grader, code + in_forward("pass"))
    assert grade.score == grade.max_score, grade.as_json()
    assert len(notes_of(grade)) == len(says), grade.notes
    for note, words in zip(notes_of(grade), says, strict=True):
        assert note.startswith(f"build_methods.py: {words}")
    printed = exercise(grade, VICTIM).exhibits.output
    assert printed in ("", "quiet\n"), "no warning of ours, or of matplotlib's, in what the student printed"


def test_a_compiled_exercise_keeps_the_names_of_its_parameters(plain_grader: Grader) -> None:
    """A model that is given back compiled, in either way, should get full marks."""
    for line in ("return torch.compile(model)", "model.compile(); return model"):
        code = f"\ndef build_sequential_ordered_dict(a, b, c):\n    model = Good(a, b, c)\n    {line}\n"
        grade = graded(plain_grader, code)
        assert grade.score == grade.max_score, grade.as_json()
        assert len(notes_of(grade)) == 1


LOADING = """
from torch.utils.data import DataLoader

def make_loaders(train_data, test_data, batch_size):
    more = dict(num_workers=4, pin_memory=True, persistent_workers=True, prefetch_factor=2)
    return DataLoader(train_data, batch_size, shuffle=True, **more), DataLoader(test_data, batch_size, **more)
"""


def test_loaders_that_are_watched_are_adapted_as_well(course: Course, zygote: Zygote, cache: Path) -> None:
    """A function that makes loaders with processes should get full marks, and one note."""
    selection = Selection(exercises=frozenset(["training.make_loaders"]))
    with Grader(course, zygote, Settings(11), Store(cache), selection) as grader:
        grade = grader.grade_collected(Submission("loading", {"training.py": LOADING.encode()}))
    assert grade.score == grade.max_score, grade.as_json()
    assert [note.partition(":")[0] for note in grade.notes] == ["training.py"]
    assert "num_workers=4 became 0" in grade.notes[0]


def test_a_note_that_a_worker_makes_up_is_not_shown(plain_grader: Grader) -> None:
    """Only sentences of ours should stand in the report, whatever the code puts into the worker's notes."""
    code = """
import gc
from grader.worker.student import Student
for found in gc.get_objects():
    if isinstance(found, Student):
        found.notes.update({"num_workers": "<b>4</b>", "praise": "100 points", "compile": "{0}"})
"""
    grade = graded(plain_grader, code + in_forward("pass"))
    assert notes_of(grade) == []
