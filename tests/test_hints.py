"""Messages as torch and Python write them lead to the hint that teaches what is behind them."""

from __future__ import annotations

import re

import pytest

from grader.checks import hints
from grader.checks.words import trouble
from grader.sandbox import limits as kinds
from grader.sandbox.limits import Death
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
    ("ModuleNotFoundError: No module named 'sklearn'", "Hand in every file"),
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


@pytest.mark.parametrize(
    "kind", [kinds.CPU_LIMIT, kinds.WALL_LIMIT, kinds.OUTPUT_LIMIT, kinds.EXITED, kinds.CRASHED, kinds.PROTOCOL]
)
def test_every_death_has_its_words(kind: str) -> None:
    """However a worker dies, there should be words for what happened and for what to do."""
    finding = trouble(Death(kind, "the detail"), "Training")
    assert finding.rationale == "Training did not come to an end: the detail."
    assert finding.got
    assert finding.hint


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
