"""What functions and loops do: each scene sets up watched things, calls the student's function, and reports.

A scene takes the function and a seed, and returns facts (words) and arrays (numbers). Nothing is judged here; the
reference's solution plays the same scenes, and the grader compares.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from grader.wire.records import Fact, Observed
from grader.worker import canonical, figures
from grader.worker.places import AWAY, HOME
from grader.worker.problems import SubmissionFault, describe
from grader.worker.student import Student
from grader.worker.watched import (
    CLASSES,
    FEATURES,
    UnsteadySGD,
    WatchedData,
    WatchedModel,
    WatchedSGD,
    in_order,
)

Arrays = dict[str, np.ndarray]
Facts = dict[str, str]
Seen = tuple[Facts, dict[str, Any]]
RATE = 0.1


class Partly(Exception):
    """One part of a scene ended with an exception of the student's, and another did not: what was seen nevertheless."""

    def __init__(self, facts: Facts, numbers: dict[str, Any], error: Exception) -> None:
        super().__init__(str(error))
        self.facts, self.numbers, self.error = facts, numbers, error


def observe(student: Student, params: dict[str, Any], _: Arrays) -> tuple[Observed, Arrays]:
    """Play the scene ``params["scene"]`` with the function ``params["name"]``."""
    function = getattr(student.module, params["name"])
    canonical.reseed(params["seed"])
    problem = None
    try:
        facts, numbers = SCENES[params["scene"]](function, params["seed"], student.box)
    except Partly as partly:
        facts, numbers = partly.facts, partly.numbers
        error = partly.error
        problem = error.problem if isinstance(error, SubmissionFault) else describe(error, student.box)
    arrays = {name: _array(value) for name, value in numbers.items()}
    return Observed(tuple(Fact(name, str(value)) for name, value in facts.items()), problem), arrays


def _array(value: Any) -> np.ndarray:
    """Numbers as float64, except pictures, which are bytes."""
    if isinstance(value, torch.Tensor):
        value = value.detach().double().numpy()
    array = np.asarray(value)
    return array if array.dtype == np.uint8 else array.astype(np.float64)


def _raised(call: Callable[[], Any], box: str) -> str:
    """The type of the exception that a call ends with, or "nothing"; every kind of ValueError is one."""
    try:
        call()
    except Exception as error:  # the student's: which one it is, is what is asked
        return "ValueError" if isinstance(error, ValueError) else describe(error, box).type
    return "nothing"


def _refused(function: Callable[[str], Any], seed: int, box: str) -> str:
    """What names raise that are none: before, between and behind all others, since code may compare with `<`."""
    names = [_new(letter, str(seed)) for letter in "amz"]
    return " or ".join(sorted({_raised(partial(function, name), box) for name in names}))


def _new(*parts: str) -> str:
    """A text that is no other object's, however equal: code may compare with `is`."""
    return "".join([*"".join(parts)])


def _step(function: Callable[..., Any], seed: int, _: str) -> Seen:
    """training_step: three batches one after the other."""
    model, data = WatchedModel(seed).train(), WatchedData(18, seed, "step")
    optimizer, criterion = WatchedSGD(model.parameters(), RATE), nn.CrossEntropyLoss()
    returned, types, states = [], set(), []
    for start in (0, 6, 12):
        value = function(model, criterion, optimizer, data.x[start : start + 6], data.y[start : start + 6])
        types.add(type(value).__name__)
        returned.append(float(value))
        states.append(model.state())
    facts = {"returned": " or ".join(sorted(types)), "updates": str(len(optimizer.seen))}
    return facts, {
        "losses": returned,
        "weights": torch.stack(states),
        "updates": _stack(optimizer.seen),
        "samples": [samples for _, _, samples in model.passes],
        "statistics": model.statistics(),
    }


def _stack(tensors: list[torch.Tensor]) -> torch.Tensor:
    return torch.stack(tensors) if tensors else torch.zeros(0, 0)


def _loaders(function: Callable[..., Any], seed: int, _: str) -> Seen:
    """make_loaders: two epochs of both loaders, on data sets whose labels are their positions."""
    sizes = {"train": 23, "test": 11}
    data = {name: WatchedData(size, seed, name, torch.arange(size)) for name, size in sizes.items()}
    result = function(data["train"], data["test"], 4)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise SubmissionFault("WrongResult", f"expected two loaders, got {type(result).__name__}")
    facts: Facts = {}
    numbers: dict[str, Any] = {}
    for name, loader in zip(data, result, strict=True):
        facts[f"{name} type"] = "DataLoader" if isinstance(loader, DataLoader) else type(loader).__name__
        for epoch in (1, 2):
            batches = [(x, y) for x, y in loader]
            numbers[f"{name} order {epoch}"] = torch.cat([y for _, y in batches])
            numbers[f"{name} batches {epoch}"] = [len(y) for _, y in batches]
            own = all(torch.equal(x, data[name].x[y]) for x, y in batches if int(y.max()) < sizes[name])
            facts[f"{name} pairs"] = str(own and int(max(y.max() for _, y in batches)) < sizes[name])
    return facts, numbers


def _criterion(function: Callable[..., Any], seed: int, box: str) -> Seen:
    """make_criterion: value and gradient on a batch, for both tasks; what other names raise."""
    scores = canonical.normal((7, CLASSES), seed, "scores")
    targets = {
        "classification": torch.arange(7) % CLASSES,  # of all classes: one that is left out of the loss shows
        "regression": canonical.normal((7, CLASSES), seed, "wanted"),
    }

    def computed(task: str) -> Seen:
        leaf = (3 * scores).requires_grad_()
        loss = function(_new(task))(leaf, targets[task])
        loss.sum().backward()
        return {}, {task: loss, f"{task} gradient": leaf.grad}

    return _in_turn(("classification", "regression"), computed, lambda: _refused(function, seed, box))


def _optimizer(function: Callable[..., Any], seed: int, box: str) -> Seen:
    """make_optimizer: twelve updates with known gradients, for both names; what other names raise."""

    def updated(name: str) -> Seen:
        model = WatchedModel(seed).double()  # a small weight decay shows in the seventh digit only
        optimizer = function(model, _new(name), 0.05)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise SubmissionFault("WrongResult", f"expected an optimizer, got {type(optimizer).__name__}")
        owned = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        missing = [path for path, parameter in model.named_parameters() if id(parameter) not in owned]
        for turn in range(12):  # one steep step, then flat ones: what Adam remembers of the first shows (amsgrad)
            for path, parameter in model.named_parameters():
                parameter.grad = (10 if turn == 0 else 0.1) * canonical.normal(
                    parameter.shape, seed, path, turn
                ).double()
            optimizer.step()
        return {f"{name} misses": ", ".join(missing) or "nothing"}, {name: model.state()}

    return _in_turn(
        ("sgd", "adam"), updated, lambda: _refused(lambda name: function(WatchedModel(seed), name, 0.05), seed, box)
    )


def _in_turn(names: tuple[str, ...], play: Callable[[str], Seen], unknown: Callable[[], str]) -> Seen:
    """What a function of a name does for each name, and for unknown ones. An exception for one does not hide the
    others; where all raise, it is the first one's."""
    facts: Facts = {}
    numbers: dict[str, Any] = {}
    errors: list[Exception] = []
    for name in names:
        try:
            more_facts, more_numbers = play(name)
        except Exception as error:  # the student's
            errors.append(error)
        else:
            facts, numbers = facts | more_facts, numbers | more_numbers
    if len(errors) == len(names):
        raise errors[0]
    facts["unknown"] = unknown()
    if errors:
        raise Partly(facts, numbers, errors[0])
    return facts, numbers


def _epoch(function: Callable[..., Any], seed: int, _: str) -> Seen:
    """train_one_epoch: 23 samples in batches of 5 with a ragged last one, twice, from a model left in eval mode."""
    model, data = WatchedModel(seed).eval(), WatchedData(23, seed, "epoch")
    optimizer, criterion = WatchedSGD(model.parameters(), RATE), nn.CrossEntropyLoss()
    returned, types = [], set()
    with model.follow(data) as places:
        for _epoch_number in range(2):
            value = function(model, in_order(data, 5), criterion, optimizer, AWAY)
            types.add(type(value).__name__)
            returned.append(float(value))
    facts = {"returned": " or ".join(sorted(types))} | places.facts()
    return facts, {
        "losses": returned,
        "visited": data.visited,
        "modes": [mode for mode, _, _ in model.passes],
        "updates": _stack(optimizer.seen),
        "weights": model.state(),
        "statistics": model.statistics(),
    }


def _evaluate(function: Callable[..., Any], seed: int, _: str) -> Seen:
    """evaluate: 23 samples from a model in train mode, then 18 others from one in eval mode, in batches of 5."""
    model, data = _for_evaluation(seed)
    before, statistics, gradients = model.state(), model.statistics(), torch.is_grad_enabled()
    returned, types, restored = [], set(), []
    with model.follow(*data.values()) as places:
        for training in (True, False):
            model.train(training)
            value = function(model, in_order(data[training], 5), AWAY)
            types.add(type(value).__name__)
            returned.append(float(value))
            restored.append(all(module.training is training for module in model.modules()))
    learning = torch.is_grad_enabled() is gradients and all(p.requires_grad for p in model.parameters())
    facts = {
        "returned": " or ".join(sorted(types)),
        "restored": str(all(restored)),
        "graph": str(any(graph for _, graph, _ in model.passes)),
        "learning kept": str(learning and not torch.is_inference_mode_enabled()),
        "weights kept": str(torch.equal(before, model.state())),
        "statistics kept": str(torch.equal(statistics, model.statistics())),
        "inputs": str(model.was_given(*data.values())),
    } | places.facts()
    modes = [mode for mode, _, _ in model.passes]
    return facts, {"accuracies": returned, "visited": data[True].visited + data[False].visited, "modes": modes}


def _for_evaluation(seed: int) -> tuple[WatchedModel, dict[bool, WatchedData]]:
    """A model, and data of which it answers each class to as many; about two thirds are right.

    Where every answer is the same, neither wrong inputs nor wrong targets would show.
    """
    model, candidates = WatchedModel(seed), canonical.normal((400, FEATURES), seed, "candidates")
    model.train()
    model.body(3 * candidates[:23] + 1)  # running statistics that differ from those of a batch
    model.balance(candidates)
    answers = model.answers(candidates)
    turns = torch.stack([(answers == label).nonzero()[:11, 0] for label in range(CLASSES)]).T.flatten()
    wrong = torch.arange(len(turns)) // CLASSES % 3 == 0  # of each class
    labels = (answers[turns] + wrong) % CLASSES
    data = {}
    for training, part in ((True, slice(23)), (False, slice(23, 41))):
        order = canonical.normal(turns[part].shape, seed, "order").argsort()
        data[training] = WatchedData(len(order), seed, "evaluate", labels[part][order])
        data[training].x = candidates[turns[part][order]]
    return model, data


def _fit(function: Callable[..., Any], seed: int, _: str) -> Seen:
    """fit: four epochs on loaders without chance, of which the third goes uphill: loss and accuracy get worse."""
    model = WatchedModel(seed)
    train, test = WatchedData(47, seed, "epoch"), WatchedData(62, seed, "test")
    model.balance(test.x)
    optimizer = UnsteadySGD(model.parameters(), 2 * RATE, uphill=range(20, 30))
    loaders = in_order(train, 5), in_order(test, 8)
    history = function(model, *loaders, nn.CrossEntropyLoss(), optimizer, 4, HOME)
    facts = {"returned": type(history).__name__}
    if not isinstance(history, dict):
        raise SubmissionFault("WrongResult", f"expected a dict, got {type(history).__name__}")
    facts["keys"] = ", ".join(key for key in ("train_loss", "test_accuracy") if key in history)
    numbers: dict[str, Any] = {}
    for key in ("train_loss", "test_accuracy"):
        values = history.get(key, [])
        facts[f"{key} type"] = type(values).__name__
        facts[f"{key} items"] = " or ".join(sorted({_kind(value) for value in values})) or "nothing"
        numbers[key] = [float(value) for value in values]
    return facts, numbers | {
        "updates": [len(optimizer.seen)],
        "modes": [mode for mode, _, _ in model.passes],
        "samples": [samples for _, _, samples in model.passes],
        "trained": train.visited,
        "tested": test.visited,
        "weights": model.state(),
        "statistics": model.statistics(),
    }


def _kind(value: Any) -> str:
    """The type of a number; NumPy's float64 is a Python float."""
    return "float" if isinstance(value, float) else type(value).__name__


def _dropout(function: Callable[..., Any], seed: int, _: str) -> Seen:
    """FunctionalDropout: four passes in train mode and one in eval mode, for three shares."""
    x = canonical.normal((100, 60), seed, "dropout")
    numbers: dict[str, Any] = {"x": x}
    facts: Facts = {}
    for share in (0.2, 0.5, 0.8):
        module = function(share)
        if not isinstance(module, nn.Module):
            raise SubmissionFault("NotAModule", f"the call returned {type(module).__name__}, not an nn.Module")
        module.train()
        leaf = x.clone().requires_grad_()
        outputs = [module(leaf) for _ in range(4)]
        outputs[0].sum().backward()
        module.eval()
        still = module(x.clone())
        numbers[f"train {share}"] = torch.stack([output.detach() for output in outputs])
        numbers[f"gradient {share}"] = torch.zeros(0) if leaf.grad is None else leaf.grad
        numbers[f"eval {share}"] = still
    return facts, numbers


def _plot(function: Callable[..., Any], seed: int, _: str) -> Seen:
    """plot_history: what the Figure shows, and the picture itself; windows that were opened."""
    return figures.look_at(function, seed)


Scene = Callable[[Callable[..., Any], int, str], Seen]
SCENES: dict[str, Scene] = {
    "training-step": _step,
    "make-loaders": _loaders,
    "make-criterion": _criterion,
    "make-optimizer": _optimizer,
    "train-one-epoch": _epoch,
    "evaluate": _evaluate,
    "fit": _fit,
    "dropout": _dropout,
    "plot-history": _plot,
}
