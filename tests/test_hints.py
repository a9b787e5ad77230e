"""Messages as torch and Python write them lead to the hint that teaches what is behind them."""

from __future__ import annotations

import re

import pytest

from grader.checks import hints
from grader.checks.words import trouble
from grader.sandbox import limits as kinds
from grader.sandbox.limits import MIB, Death
from grader.wire.records import Frame, Problem

# Messages of torch 2.13 and Python 3.11, and words of the hint that each should lead to.
MESSAGES = [
    ("RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x5 and 3x4)", "Follow the shape"),
    (
        "RuntimeError: The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1",
        "agree in every axis",
    ),
    (
        "RuntimeError: The expanded size of the tensor (5) must match the existing size (3) at non-singleton "
        "dimension 1.  Target sizes: [4, 5].  Tensor sizes: [2, 3]",
        "agree in every axis",
    ),
    ("TypeError: list is not a Module subclass", "one by one, not one list"),
    ("TypeError: dict is not a Module subclass", "one particular kind of mapping"),
    ("TypeError: torch.nn.modules.activation.ReLU is not a Module subclass", "never called"),
    ("TypeError: torch.nn.functional.relu is not a Module subclass", "not functions"),
    ("AttributeError: cannot assign module before Module.__init__() call", "before layers are attached"),
    (
        'NotImplementedError: Module [ModuleList] is missing the required "forward" function',
        "does not know in which order",
    ),
    (
        'NotImplementedError: Module [ModuleDict] is missing the required "forward" function',
        "does not know in which order",
    ),
    ('NotImplementedError: Module [Model_Seq] is missing the required "forward" function', "letter by letter"),
    ("TypeError: 'str' object is not callable", "keys, or values"),
    ("TypeError: linear(): argument 'input' (position 1) must be Tensor, not NoneType", "without return gives None"),
    ("TypeError: linear(): argument 'input' (position 1) must be Tensor, not ReLU", "two separate steps"),
    ("TypeError: relu(): argument 'input' (position 1) must be Tensor, not Linear", "two separate steps"),
    ("RuntimeError: Boolean value of Tensor with more than one value is ambiguous", "first argument"),
    (
        "RuntimeError: one of the variables needed for gradient computation has been modified by an inplace "
        "operation: [torch.FloatTensor [3]], which is output 0 of Exp, is at version 1; expected version 0 instead.",
        "overwritten in place",
    ),
    (
        "ValueError: Expected more than 1 value per channel when training, got input size torch.Size([1, 3])",
        "over one value",
    ),
    (
        "RuntimeError: Given input size: (1x3x3). Calculated output size: (1x0x0). Output size is too small",
        "Which pooling adapts",
    ),
    (
        "RuntimeError: view size is not compatible with input tensor's size and stride (at least one dimension spans "
        "across two contiguous subspaces). Use .reshape(...) instead.",
        "memory in one piece",
    ),
    ("TypeError: Model_Seq.__init__() takes 1 positional argument but 5 were given", "argument by argument"),
    ("TypeError: f() missing 1 required positional argument: 'b'", "argument by argument"),
    ("TypeError: f() got an unexpected keyword argument 'c'", "argument by argument"),
    ("ModuleNotFoundError: No module named 'helpers'", "Hand in every file"),
    ("ModuleNotFoundError: No module named 'sklearn'", "sklearn is not installed"),
    ("ModuleNotFoundError: No module named 'sklearn.metrics'; 'sklearn' is not a package", "sklearn is not installed"),
    ("ModuleNotFoundError: No module named 'google'", "Colab and Kaggle"),
    ("ModuleNotFoundError: No module named 'google.colab'", "Colab and Kaggle"),
    ("ModuleNotFoundError: No module named 'torchinfo'", "torchinfo is not installed"),
    ("ModuleNotFoundError: No module named 'IPython'", "only a notebook has"),
    ("NameError: name 'get_ipython' is not defined", "only a notebook has"),
    ("ModuleNotFoundError: No module named '_tkinter'", "no screen"),
    (
        "ImportError: Cannot load backend 'TkAgg' which requires the 'tk' interactive framework, as 'headless' is "
        "currently running",
        "no screen",
    ),
    ("EOFError: EOF when reading a line", "Nobody types"),
    ("AssertionError: Torch not compiled with CUDA enabled", "That device is not there"),
    ("RuntimeError: No CUDA GPUs are available", "That device is not there"),
    ("RuntimeError: Found no NVIDIA driver on your system. Please check that …", "That device is not there"),
    ("RuntimeError: Cannot access accelerator device when none is available.", "That device is not there"),
    (
        "NotImplementedError: Could not run 'aten::empty.memory_format' with arguments from the 'MPS' backend. This …",
        "That device is not there",
    ),
    ("URLError: <urlopen error [Errno -3] Temporary failure in name resolution>", "network is off"),
    ("URLError: <urlopen error [Errno 1] Operation not permitted>", "network is off"),
    ("gaierror: [Errno -3] Temporary failure in name resolution", "network is off"),
    ("RuntimeError: Error downloading train-images-idx3-ubyte.gz:\nTried https://…", "network is off"),
    ("RuntimeError: Dataset not found. You can use download=True to download it", "network is off"),
    (
        "RuntimeError: It looks like there is no internet connection and the repo could not be found in the cache",
        "network is off",
    ),
    ("PermissionError: [Errno 1] Operation not permitted", "one process without a network"),
    ("BlockingIOError: [Errno 11] Resource temporarily unavailable", "one process without a network"),
    ("PermissionError: [Errno 13] Permission denied: '/etc/x'", "Only the current folder"),
    ("OSError: [Errno 30] Read-only file system: '/usr/lib/x'", "Only the current folder"),
    ("FileNotFoundError: [Errno 2] No such file or directory: 'C:\\\\Users\\\\a.csv'", "Only what was handed in"),
    ("FileNotFoundError: [Errno 2] No such file or directory: '/content/drive/x.csv'", "Only what was handed in"),
    ("OSError: [Errno 28] No space left on device", "share a small disk"),
    ("OSError: [Errno 24] Too many open files: 'x'", "closed again"),
    ("RuntimeError: can't start new thread", "Only a few dozen threads"),
    ("SystemExit: 2", "must not end the program"),
    ("SystemExit", "must not end the program"),
    ("Interrupted: more than 4 s of computing time at the top level of the file", "below a test of __name__"),
    ("BackendCompilerFailed: backend='inductor' raised:\nOSError: [Errno 30] Read-only file system: …", "no compiler"),
    ("AttributeError: 'Model_Seq' object has no attribute 'linear1'", "kept on self"),
    ("NameError: name 'nn' is not defined", "fresh session"),
]


@pytest.mark.parametrize(("message", "words"), MESSAGES)
def test_a_message_leads_to_its_hint(message: str, words: str) -> None:
    """Each message should give the hint about its own cause, not that of a more general pattern."""
    assert words in hints.of_exception(message)


@pytest.mark.parametrize("message", ["", "ZeroDivisionError: division by zero", "KeyError: 'a'", "ValueError"])
def test_other_messages_give_no_hint(message: str) -> None:
    """Where nothing is known about a message, there should be no hint rather than a wrong one."""
    assert hints.of_exception(message) == ""


@pytest.mark.parametrize(
    "name", ["_backward_hooks", "_forward_pre_hooks", "_state_dict_hooks", "_parameters", "_buffers", "_modules"]
)
def test_a_base_class_never_set_up_is_recognised_by_its_later_sign(name: str) -> None:
    """A class that keeps plain values only fails later, at its hooks; that should be the hint about the base class."""
    message = f"AttributeError: 'Model_Seq' object has no attribute '{name}'"
    assert "base class must set up" in hints.of_exception(message)
    assert "kept on self" in hints.of_exception(message.replace(name, name.strip("_")))


def test_no_hint_hands_over_code() -> None:
    """A hint should teach: no line of code with a call that could be pasted."""
    for _, hint in hints._EXCEPTIONS:
        assert not re.search(r"nn\.\w+\(|self\.\w+\s*=|super\(\)", hint)


@pytest.mark.parametrize("message", ["x" * 20_000, "takes " + "1" * 20_000, "must be Tensor, not " * 1_000])
def test_long_messages_are_searched_as_well(message: str) -> None:
    """A message as long as the wire allows should give no hint of its own."""
    assert hints.of_exception(message) == ""


@pytest.mark.parametrize("kind", sorted(set(hints._DEATHS) - {kinds.ANSWER_LIMIT}))
def test_every_death_has_its_words(kind: str) -> None:
    """However a worker dies, there should be words for what happened and for what to do."""
    finding = trouble(Death(kind, "the detail"), "Training")
    assert finding.rationale == "Training did not come to an end: the detail."
    assert finding.got
    assert finding.hint


def test_an_answer_that_is_too_large_was_given() -> None:
    """A result that is not taken in did come to an end: the words should not say otherwise."""
    finding = trouble(Death(kinds.ANSWER_LIMIT, "an answer of more than 1 MiB"), "The forward pass")
    assert finding.rationale == "The forward pass gave an answer of more than 1 MiB."
    assert "shape" in finding.hint


# Message, bytes unused of 2 GiB, what the rationale says after the limit, and a word of the hint.
TORCH = (
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate"
)
MEMORY = [
    (
        "RuntimeError",
        f"{TORCH} 17179869184 bytes. Error …",
        2040 * MIB,
        ": 16 GiB were asked for at once, and 8 MiB were",
    ),
    (
        "RuntimeError",
        f"{TORCH} 4194304 bytes. Error …",
        3 * MIB,
        ": 4 MiB were asked for at once, and 2 GiB were in use",
    ),
    (
        "MemoryError",
        "Unable to allocate 74.5 GiB for an array with shape (1,)",
        None,
        ": 74.5 GiB were asked for at once.",
    ),
    ("MemoryError", "", 2047 * MIB, ": 1 MiB were in use."),
    ("MemoryError", "", 2 * MIB, ": 2 GiB were in use."),
    ("MemoryError", "", None, "."),
    ("OSError", "[Errno 12] Cannot allocate memory", 9999 * MIB, ": 1 KiB were in use."),
    ("RuntimeError", f"{TORCH} {'9' * 40} bytes", None, "."),
]


@pytest.mark.parametrize(("kind", "message", "unused", "says"), MEMORY)
def test_memory_that_ran_out_is_told_with_its_figures(kind: str, message: str, unused: int | None, says: str) -> None:
    """The limit, what was asked for and what was in use should be named, as far as they are known."""
    finding = trouble(Problem(kind, message, (), None, unused), "Training")
    assert finding.rationale.startswith(f"Training needed more memory than the limit of 2 GiB{says}")
    assert finding.rationale.endswith(".")


@pytest.mark.parametrize(
    ("message", "unused", "words"),
    [
        (f"{TORCH} 17179869184 bytes", None, "which of its dimensions"),
        (f"{TORCH} 4194304 bytes", None, "grow from step to step"),
        ("", 2000 * MIB, "which of its dimensions"),
        ("", 20 * MIB, "grow from step to step"),
        ("", None, "grow from step to step"),
    ],
)
def test_one_large_request_is_not_a_list_that_grows(message: str, unused: int | None, words: str) -> None:
    """Which of the two it was should decide the hint."""
    assert words in trouble(Problem("MemoryError", message, (), None, unused), "Training").hint


def test_the_memory_of_a_gpu_is_not_our_limit() -> None:
    """What the GPU does not have should not be put down to the limit of the worker."""
    finding = trouble(Problem("OutOfMemoryError", "CUDA out of memory. Tried to allocate 9 GiB", (), None), "Training")
    assert finding.rationale == "Training needed more memory than the GPU has."


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("num_workers", "4", "num_workers=4 became 0"),
        ("compile", "", "changes speed, not values"),
        ("processes", "", "one process"),
        ("network", "", "nothing can be downloaded"),
    ],
)
def test_what_was_adapted_is_a_sentence(name: str, value: str, says: str) -> None:
    """Each adaptation should be told in words."""
    assert says in hints.of_adaptation(name, value)


@pytest.mark.parametrize(
    ("name", "value"), [("", ""), ("num_workers", "<b>"), ("num_workers", "9" * 99), ("compile", "{0}"), ("x", "4")]
)
def test_what_a_worker_makes_up_is_no_sentence(name: str, value: str) -> None:
    """A worker may say anything: what is not known should not reach the report."""
    assert hints.of_adaptation(name, value) == ""


def test_an_exception_is_told_with_the_students_own_line() -> None:
    """The innermost of the student's own lines should be the place, the message and its hint stand beside it."""
    frames = (Frame("a.py", 3, "forward", "return self.net(x)"), Frame("b.py", 7, "forward", "return self.fc(x)"))
    finding = trouble(Problem("NameError", "name 'x' is not defined", frames, None), "The forward pass", "Net()(x)")
    assert finding.where is not None
    assert (finding.where.file, finding.where.line, finding.where.text) == ("b.py", 7, "return self.fc(x)")
    assert finding.rationale == "The forward pass raised NameError."
    assert (finding.got, finding.asked) == ("NameError: name 'x' is not defined", "Net()(x)")
    assert "fresh session" in finding.hint


def test_an_exception_without_message_or_line_is_told_as_well() -> None:
    """An exception that says nothing should be named by its type, without a colon and without a place."""
    finding = trouble(Problem("KeyError", "", (), None), "Building")
    assert (finding.got, finding.where) == ("KeyError", None)
