"""Scenes, played in this process: what the watched models, data and optimizers must show, whatever the seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from fixed import ROOT

from grader.worker import loops
from grader.worker.loops import SCENES, Seen

SEEDS = range(100)


@pytest.fixture(autouse=True)
def as_in_a_worker() -> Iterator[None]:
    """One thread, as in a worker; and whatever a test switches off is on again for the next."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.set_grad_enabled(True)


def solution(*edits: tuple[str, str], of: str = "training") -> dict[str, Any]:
    """The functions of a reference solution, with some of its lines changed."""
    source = (ROOT / "reference" / of / "solution.py").read_text()
    for old, new in edits:
        assert old in source, f"the solution has no {old!r}"
        source = source.replace(old, new)
    names: dict[str, Any] = {}
    exec(source, names)
    return names


def play(scene: str, function: Callable[..., Any], seed: int = 5) -> Seen:
    """What is noted of a function."""
    return SCENES[scene](function, seed, "")


def test_an_evaluated_model_answers_several_classes() -> None:
    """With every seed, in both runs: all classes are answers and labels, and neither most nor few are right."""
    for seed in SEEDS:
        model, data = loops._for_evaluation(seed)
        for one in data.values():
            answers = model.answers(one.x)
            assert len(answers.unique()) == loops.CLASSES, seed
            assert len(one.y.unique()) == loops.CLASSES, seed
            assert 0.5 < (answers == one.y).double().mean() < 0.8, seed


@pytest.mark.parametrize("wrong", ["inputs.flip(0)", "-inputs", "inputs.roll(1, 0)", "torch.zeros_like(inputs)"])
def test_wrong_inputs_change_the_accuracy(wrong: str) -> None:
    """With every fourth seed one of the two accuracies is another."""
    right = solution()["evaluate"]
    other = solution(("predictions = model(inputs)", f"predictions = model({wrong})"))["evaluate"]
    for seed in SEEDS[::4]:
        expected, got = (play("evaluate", function, seed)[1]["accuracies"] for function in (right, other))
        assert expected != got, seed


def test_what_an_evaluated_model_is_given_is_compared() -> None:
    """Inputs that change no answer are other inputs; batches put together, or samples one by one, are the same."""
    given = {
        "model(inputs)": "True",
        "model(inputs * 1.001)": "False",
        "model(inputs + 0.01 * torch.randn_like(inputs))": "False",
        "model(inputs[:1]).expand(len(inputs), -1)": "False",
        "torch.cat([model(x[None]) for x in inputs])": "True",
    }
    for call, expected in given.items():
        function = solution(("predictions = model(inputs)", f"predictions = {call}"))["evaluate"]
        assert play("evaluate", function)[0]["inputs"] == expected, call


@pytest.mark.parametrize(
    "first",
    [
        "torch.set_grad_enabled(False)",
        "torch.no_grad().__enter__()",
        "model.requires_grad_(False)",
    ],
)
def test_gradients_that_stay_off_are_seen(first: str) -> None:
    """What an evaluation switches off it switches on again."""
    function = solution(("    was_training = model.training\n", f"    was_training = model.training\n    {first}\n"))
    assert play("evaluate", function["evaluate"])[0]["learning kept"] == "False"
    torch.set_grad_enabled(True)
    assert play("evaluate", solution()["evaluate"])[0]["learning kept"] == "True"


@pytest.mark.parametrize(
    ("again", "name"),
    [
        ("criterion(model(inputs), targets).backward()", "statistics"),
        ("model(inputs); loss.backward()", "statistics"),
        ("model.eval(); model(inputs); model.train(); loss.backward()", "samples"),
    ],
)
def test_a_second_forward_pass_of_a_step_is_seen(again: str, name: str) -> None:
    """In train mode by BatchNorm's statistics, in eval mode by the number of calls."""
    right, wrong = solution(of="layers"), solution(("loss.backward()", again), of="layers")
    expected, got = (play("training-step", names["training_step"])[1][name] for names in (right, wrong))
    assert torch.as_tensor(expected).tolist() != torch.as_tensor(got).tolist()


@pytest.mark.parametrize("scene", ["make-criterion", "make-optimizer"])
@pytest.mark.parametrize("compared", ["{} is str('{}')", "{} < '{}_'", "{} >= '{}'"])
def test_names_are_compared_as_a_whole(scene: str, compared: str) -> None:
    """A comparison that lets in another name, or leaves out an equal one, is seen for every known name."""
    variable, known = {
        "make-criterion": ("task", ("classification", "regression")),
        "make-optimizer": ("name", ("sgd", "adam")),
    }[scene]
    assert outcome(scene, solution()) == "ValueError"
    for name in known:
        wrong = compared.format(variable, name)
        names = solution((f'{variable} == "{name}"', wrong))
        assert outcome(scene, names) != "ValueError", wrong


def outcome(scene: str, names: dict[str, Any]) -> str:
    """What unknown names raise, or what a known one ends with."""
    try:
        return play(scene, names[scene.replace("-", "_")])[0]["unknown"]
    except Exception as error:
        return f"a known name: {error}"


@pytest.mark.parametrize(
    ("scene", "edit", "other"),
    [
        ("make-criterion", ("nn.CrossEntropyLoss()", "nn.CrossEntropyLoss"), "regression"),
        ("make-optimizer", ("torch.optim.SGD(model.parameters(), lr=lr)", "torch.optim.SGD(model)"), "adam"),
    ],
)
def test_a_name_that_raises_does_not_hide_the_other(scene: str, edit: tuple[str, str], other: str) -> None:
    """What the function does for the other name and for unknown ones is seen beside the exception; where it raises for
    all, as a stub does, the exception is all there is."""
    name = scene.replace("-", "_")
    with pytest.raises(loops.Partly) as partly:
        play(scene, solution(edit)[name])
    assert torch.equal(partly.value.numbers[other], play(scene, solution()[name])[1][other])
    assert partly.value.facts["unknown"] == "ValueError"

    def stub(*_: object) -> None:
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        play(scene, stub)


def test_what_ended_a_part_of_a_scene_is_told_as_data() -> None:
    """The exception should come with what was seen, as a problem and not as the end of the question."""
    wrong = solution(("nn.MSELoss()", "nn.NoSuchLoss()"))["make_criterion"]
    student: Any = SimpleNamespace(module=SimpleNamespace(f=wrong), box="/nowhere")
    seen, arrays = loops.observe(student, {"name": "f", "scene": "make-criterion", "seed": 5}, {})
    assert seen.problem is not None
    assert seen.problem.type == "AttributeError"
    assert "classification" in arrays
    assert "regression" not in arrays


def test_a_class_that_is_left_out_of_the_loss_is_seen() -> None:
    """Labels of every class are tried."""
    right = play("make-criterion", solution()["make_criterion"])[1]["classification"]
    for label in range(loops.CLASSES):
        wrong = solution(("nn.CrossEntropyLoss()", f"nn.CrossEntropyLoss(ignore_index={label})"))
        assert not torch.isclose(play("make-criterion", wrong["make_criterion"])[1]["classification"], right), label


@pytest.mark.parametrize("seeds", [SEEDS[::4], pytest.param(SEEDS, marks=pytest.mark.long)], ids=["some", "all"])
def test_a_run_gets_worse_once(seeds: range) -> None:
    """With every seed the accuracy falls and the loss rises: the best so far is not what holds now."""
    for seed in seeds:
        numbers = play("fit", solution()["fit"], seed)[1]
        accuracies, losses = numbers["test_accuracy"], numbers["train_loss"]
        assert any(now < before for before, now in pairwise(accuracies)), seed
        assert any(now > before for before, now in pairwise(losses)), seed


@pytest.mark.parametrize("value", ["torch.tensor(x)", "np.float32(x)", "np.array(x)", "str(x)"])
@pytest.mark.parametrize("key", ["train_loss", "test_accuracy"])
def test_items_of_a_history_are_numbers(key: str, value: str) -> None:
    """Tensors, arrays and texts are seen; what NumPy calls a float64 is a float."""

    def kinds(spelling: str) -> str:
        names = solution((f'history["{key}"].append(', f'add(history["{key}"], '))
        names["add"] = lambda values, x: values.append(eval(spelling, {"x": x, "np": np, "torch": torch}))
        return play("fit", names["fit"])[0][f"{key} items"]

    assert kinds("x") == kinds("np.float64(x)") == "float"
    assert kinds(value) != "float"


@pytest.mark.parametrize(
    "other",
    [
        "type(optimizer)(model.parameters(), lr=optimizer.param_groups[0]['lr'])",
        "torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]['lr'])",
    ],
)
@pytest.mark.parametrize("indent", [4, 8])
def test_an_optimizer_of_ones_own_is_seen(other: str, indent: int) -> None:
    """Before the first epoch, or in each: the updates are not those of the optimizer that was handed over."""
    head = "    for _ in range(epochs):\n"
    line = " " * indent + f"optimizer = {other}\n"
    names = solution((head, line + head if indent == 4 else head + line))
    assert play("fit", names["fit"])[1]["updates"] != play("fit", solution()["fit"])[1]["updates"]
