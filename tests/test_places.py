"""What is moved to `device` is seen, however it is spelled, and so is what is not."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from grader.worker.loops import SCENES

EPOCH = """
def function(model, loader, criterion, optimizer, device):
    {before}
    model.train()
    total = 0.0
    for inputs, targets in loader:
        {moves}
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(inputs)
    return total / len(loader.dataset)
"""
EVALUATE = """
@torch.no_grad()
def function(model, loader, device):
    was = model.training
    {before}
    model.eval()
    right = 0
    for inputs, targets in loader:
        {moves}
        outputs = model(inputs)
        right += {right}
    model.train(was)
    return right / len(loader.dataset)
"""
COUNT = "(outputs.argmax(1) == targets).sum().item()"
MODEL = "model.to(device)"
BOTH = "inputs, targets = inputs.to(device), targets.to(device)"


def facts(scene: str, source: str, **parts: str) -> dict[str, str]:
    """What a scene notes of the moves of a function that is put together from parts."""
    lines = source.format(**{name: textwrap.indent(part, " " * 8).strip() for name, part in parts.items()})
    names: dict[str, Any] = {}
    exec("import copy, torch\nimport numpy as np\nfrom torch.autograd import Variable\n" + lines, names)
    seen: dict[str, str] = SCENES[scene](names["function"], 5, "")[0]
    return {name: seen[name] for name in ("inputs moved", "model moved", "apart")}


def epoch(moves: str, before: str = MODEL) -> dict[str, str]:
    """What is noted of an epoch."""
    return facts("train-one-epoch", EPOCH, before=before, moves=moves)


def evaluation(moves: str, right: str = COUNT, before: str = MODEL) -> dict[str, str]:
    """What is noted of an evaluation."""
    return facts("evaluate", EVALUATE, before=before, moves=moves, right=right)


WHOLE = {"inputs moved": "True", "model moved": "True", "apart": "nothing"}
SPELLINGS = (
    BOTH,
    "inputs = inputs.to(device=device); targets = targets.to(device=device)",
    "inputs = inputs.to(device, non_blocking=True); targets = targets.to(device, non_blocking=True)",
    "inputs = inputs.to(device, torch.float32); targets = targets.to(device, torch.long)",
    "inputs = inputs.to(str(device)); targets = targets.to(torch.device(device))",
    "inputs, targets = (t.to(device) for t in (inputs, targets))",
    "batch = {k: v.to(device) for k, v in dict(x=inputs, y=targets).items()}; inputs, targets = batch.values()",
    "home = next(model.parameters()).device; inputs, targets = inputs.to(home), targets.to(home)",
    "inputs = inputs.to(next(model.parameters())); targets = targets.to(inputs.device)",
    "inputs = torch.as_tensor(inputs, device=device); targets = torch.as_tensor(targets, device=device)",
    "inputs = Variable(inputs.to(device)); targets = Variable(targets).to(device)",
    "inputs = inputs.detach().clone().to(device).float(); targets = targets.long().to(device).view(-1)",
    "inputs = torch.empty_like(inputs, device=device).copy_(inputs); targets = targets.to(inputs.device)",
    "inputs.data = inputs.data.to(device); targets.data = targets.data.to(device)",
    "if inputs.device != device:\n    inputs, targets = inputs.to(device), targets.to(device)",
    "assert next(model.parameters()).device == device\n" + BOTH + "\nassert inputs.device == device",
    "inputs, targets = torch.tensor(inputs.tolist(), device=device), torch.tensor(targets.tolist(), device=device)",
    BOTH + "; inputs, targets = inputs.to(device), targets.to(device); model.to(device)",
)
MODELS = (
    MODEL,
    "model = model.to(device)",
    "model.to(device=device, non_blocking=True)",
    "torch.nn.Module.to(model, device)",
    "for child in model.children(): child.to(device)",
    "for tensor in (*model.parameters(), *model.buffers()): tensor.data = tensor.data.to(device)",
)
COUNTS = (
    "(outputs.argmax(1).cpu() == targets.cpu()).sum().item()",
    "int((outputs.cpu().numpy().argmax(1) == targets.cpu().numpy()).sum())",
    "int(torch.eq(outputs.to('cpu').max(1)[1], targets.to('cpu')).sum())",
    "sum(p == t for p, t in zip(outputs.argmax(1).tolist(), targets.tolist()))",
    "sum(int(p == t) for p, t in zip(outputs.argmax(1), targets))",
    "targets.eq(outputs.topk(1, 1).indices.squeeze()).float().sum().item()",
    "(torch.stack([row.argmax() for row in outputs]) == targets).sum().item()",
)


@pytest.mark.parametrize("moves", SPELLINGS)
@pytest.mark.parametrize("noted", [epoch, evaluation])
def test_batches_are_moved_in_any_spelling(noted: Callable[..., dict[str, str]], moves: str) -> None:
    """Inputs and targets that lie on the device when they are used were moved."""
    assert noted(moves) == WHOLE


@pytest.mark.parametrize("before", MODELS)
@pytest.mark.parametrize("noted", [epoch, evaluation])
def test_models_are_moved_in_any_spelling(noted: Callable[..., dict[str, str]], before: str) -> None:
    """A model whose tensors lie on the device when it is called was moved."""
    assert noted(BOTH, before=before) == WHOLE


@pytest.mark.parametrize(
    "before", ["model = copy.deepcopy(model).to(device)", "model = copy.deepcopy(model.to(device))"]
)
def test_a_copy_of_the_model_is_followed(before: str) -> None:
    """A copy lies where the model lies."""
    assert evaluation(BOTH, before=before) == WHOLE
    assert evaluation(BOTH, before="model = copy.deepcopy(model)")["model moved"] == "False"


@pytest.mark.parametrize("right", COUNTS)
def test_answers_are_counted_in_any_place(right: str) -> None:
    """On the device or brought back, with numbers or arrays: counting is right where both are in the same place."""
    assert evaluation(BOTH, right) == WHOLE


def test_targets_may_stay_where_outputs_are_brought_back() -> None:
    """Nothing is missing on a GPU: the targets never meet what is there."""
    assert evaluation("inputs = inputs.to(device)", "(outputs.argmax(1).cpu() == targets).sum().item()") == WHOLE


@pytest.mark.parametrize("noted", [epoch, evaluation])
def test_each_of_the_three_is_missed(noted: Callable[..., dict[str, str]]) -> None:
    """Model, inputs and targets: what is not moved is named, whatever else is."""
    nothing, inputs, targets = "pass", "inputs = inputs.to(device)", "targets = targets.to(device)"
    assert noted(inputs)["apart"] != "nothing"
    assert noted(inputs)["inputs moved"] == "True"
    assert noted(targets)["inputs moved"] == "False"
    assert noted(nothing)["inputs moved"] == "False"
    assert noted(BOTH, before=nothing)["model moved"] == "False"
    for moves in (nothing, inputs, targets):
        assert noted(moves, before=nothing)["model moved"] == "False"


@pytest.mark.parametrize(
    "moves",
    [
        "inputs.to(device); targets.to(device)",
        "inputs = inputs.to('cpu'); targets = targets.to('cpu')",
        "inputs, targets = inputs.to(torch.device('cpu')), targets.to(torch.device('cpu'))",
        "inputs, targets = inputs.cpu(), targets.cpu()",
        "inputs.to(device); targets = targets.to(device)",
    ],
)
def test_a_move_that_is_lost_or_goes_elsewhere_is_none(moves: str) -> None:
    """A result that nobody keeps, and a device that is written down, are seen."""
    assert epoch(moves)["inputs moved"] == evaluation(moves)["inputs moved"] == "False"


def test_the_first_batch_alone_is_not_enough() -> None:
    """Every batch is looked at."""
    once = "if total == 0:\n    inputs, targets = inputs.to(device), targets.to(device)"
    assert epoch(once)["inputs moved"] == "False"
    assert evaluation(once.replace("total", "right"))["inputs moved"] == "False"


def test_arrays_are_made_of_what_is_at_home() -> None:
    """On a GPU, `numpy()` asks for `cpu()` first."""
    assert evaluation(BOTH, "int((outputs.numpy().argmax(1) == targets.cpu().numpy()).sum())")["apart"] == "numpy"
