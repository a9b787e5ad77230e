"""Facts about whole runs: epochs, loaders, copies of the model, optimizers.

Each function finds all places of one fact, each with a detail in a word or two. See `facts.DETECTORS` for their names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.worker.bindings import COMPREHENSIONS
from grader.worker.excerpt import LOOPS, Excerpt
from grader.worker.facts_loops import region_of, regions
from grader.worker.facts_names import Seen, is_optimizer, last, parameters, text

_FOR_TRAINING, _FOR_TEST = re.compile("train|epoch|fit"), re.compile("eval|test|acc|valid")
_CLIPPING = frozenset(["clip_grad_norm_", "clip_grad_value_", "clip_grad_norm"])
_DRAWING = frozenset(["rand", "randn", "rand_like", "randn_like", "normal", "normal_", "uniform_", "bernoulli"])
_COPIES = frozenset(["copy.deepcopy", "copy.copy"])


def loaders_swapped(code: Excerpt) -> Iterator[Seen]:
    """The test set where the training set belongs, or the other way round where nobody uses the right one."""
    root = code.root.node if code.root else None
    given = parameters(root)
    tests = {name for name in given if "test" in name and "train" not in name}
    trains = {name for name in given if "train" in name and "test" not in name}
    if not tests or not trains:
        return
    measured: dict[bool, list[Seen]] = {True: [], False: []}
    for call in code.calls:
        if not isinstance(call.func, ast.Name) or code.function(call) is not root:
            continue
        taken = {text(value) for value in [*call.args, *(k.value for k in call.keywords)]}
        place = (call, f"{call.func.id}({', '.join(sorted(taken & (tests | trains)))})")
        if _FOR_TEST.search(call.func.id) and taken & (tests | trains):
            measured[bool(taken & tests)].append(place)
        elif _FOR_TRAINING.search(call.func.id) and taken & tests and not taken & trains:
            yield place
    train, measure = regions(code)
    for calls, training in ((train, True), (measure, False)):
        for call in calls:
            loop = region_of(code, call)
            over = {text(node) for node in ast.walk(loop.iter)} if isinstance(loop, ast.For) else set()
            if training and over & tests and not over & trains:
                yield loop, "trains on the test set"
            elif not training and over & (tests | trains):
                measured[bool(over & tests)].append((loop, "measures on the training set"))
    if measured[False] and not measured[True]:
        yield from measured[False]
    yield from _sets_swapped(code, tests, trains)


def _sets_swapped(code: Excerpt, tests: set[str], trains: set[str]) -> Iterator[Seen]:
    """``train_loader = DataLoader(test_dataset, …)``, or loaders returned in the wrong order."""
    for target, value in code.assignments:
        if isinstance(value, ast.Call) and last(code.dotted(value.func)) == "DataLoader":
            taken = {text(part) for part in ast.walk(value)}
            name = text(target)
            wrong = trains if "test" in name and "train" not in name else tests if "train" in name else set()
            if taken & wrong and not taken & (tests if wrong is trains else trains):
                yield target, name
    for node in code.nodes:
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            first, second = map(text, node.value.elts)
            if first.startswith("test") and second.startswith("train"):
                yield node, f"{first}, {second}"


def batch_size_as_shuffle(code: Excerpt) -> Iterator[Seen]:
    """The batch size given as the answer to whether to shuffle."""
    for call in code.calls:
        if last(code.dotted(call.func)) == "DataLoader":
            answers = [*call.args[2:3], *(keyword.value for keyword in call.keywords if keyword.arg == "shuffle")]
            yield from ((call, text(answer)) for answer in answers if "batch" in text(answer))


def models_copied(code: Excerpt) -> Iterator[Seen]:
    """A copy of the model, made where the model itself is to be trained."""
    if "optimizer" in parameters(code.root.node if code.root else None):
        for call in code.calls:
            if code.dotted(call.func) in _COPIES and call.args and last(text(call.args[0])) in ("model", "net"):
                yield call, text(call.args[0])


def optimizers_in_loops(code: Excerpt) -> Iterator[Seen]:
    """An optimizer made anew in each turn of a loop."""
    yield from ((call, name) for call, name in _optimizers_made(code) if _is_repeated(code, call))


def optimizers_made_anew(code: Excerpt) -> Iterator[Seen]:
    """An optimizer made where one is handed over, once."""
    if "optimizer" in parameters(code.root.node if code.root else None):
        yield from ((call, name) for call, name in _optimizers_made(code) if not _is_repeated(code, call))


def _is_repeated(code: Excerpt, call: ast.Call) -> bool:
    return isinstance(code.within(call, LOOPS), (ast.For, ast.While))


def _optimizers_made(code: Excerpt) -> Iterator[tuple[ast.Call, str]]:
    """Where a function makes an optimizer, and of what kind; schedulers are none."""
    for call in code.calls:
        name = code.dotted(call.func)
        of_torch = name.startswith("torch.optim.") and "sched" not in name and last(name)[:1].isupper()
        if code.function(call) and (of_torch or name == "make_optimizer" or _of_the_same_kind(call.func)):
            yield call, last(name)


def _of_the_same_kind(maker: ast.expr) -> bool:
    """Whether this is the class of an optimizer: ``type(optimizer)``, ``optimizer.__class__``."""
    if isinstance(maker, ast.Call) and text(maker.func) == "type" and len(maker.args) == 1:
        return is_optimizer(maker.args[0])
    return isinstance(maker, ast.Attribute) and maker.attr == "__class__" and is_optimizer(maker.value)


def gradients_clipped(code: Excerpt) -> Iterator[Seen]:
    """Gradients made smaller before they are used."""
    for call in code.calls:
        if last(code.dotted(call.func)) in _CLIPPING:
            yield call, last(code.dotted(call.func))


def rates_changed(code: Excerpt) -> Iterator[Seen]:
    """A learning rate changed while training: by hand, or by a scheduler."""
    for node in code.nodes:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        for target in targets:
            if (
                isinstance(target, ast.Subscript)
                and isinstance(target.slice, ast.Constant)
                and target.slice.value == "lr"
            ):
                yield target, "lr"
    for call in code.calls:
        if code.dotted(call.func).startswith("torch.optim.lr_scheduler."):
            yield call, last(code.dotted(call.func))


def numbers_drawn(code: Excerpt) -> Iterator[Seen]:
    """Random numbers drawn where the exercise is at work."""
    for call in code.calls:
        name = last(code.dotted(call.func)) or (call.func.attr if isinstance(call.func, ast.Attribute) else "")
        if name in _DRAWING and code.function(call):
            yield call, name


def gradients_switched_off(code: Excerpt) -> Iterator[Seen]:
    """Parameters that are told to get no gradients."""
    for target, value in code.assignments:
        off = isinstance(value, ast.Constant) and value.value is False and code.function(target)
        if off and isinstance(target, ast.Attribute) and target.attr == "requires_grad":
            yield target, text(target)
    for call in code.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "requires_grad_" and code.function(call):
            values = [*call.args, *(keyword.value for keyword in call.keywords)]
            if any(isinstance(value, ast.Constant) and value.value is False for value in values):
                yield call, text(call.func)


def epoch_loop_missing(code: Excerpt) -> Iterator[Seen]:
    """A number of epochs that is given, and counted by nothing."""
    root = code.root.node if code.root else None
    if root is None or "epochs" not in parameters(root) or _counts_epochs(code):
        return
    if not any(True for _ in _fixed_ranges(code)) and (code.uses or regions(code)[0]):
        yield root, "epochs"


def epochs_fixed(code: Excerpt) -> Iterator[Seen]:
    """A number of epochs written into the code: turns of the loop, or places on an axis."""
    given = parameters(code.root.node if code.root else None)
    for call in _fixed_ranges(code):
        turns = isinstance(code.parents.get(call), (ast.For, ast.comprehension))
        if (turns and "epochs" in given and not _counts_epochs(code)) or (not turns and "history" in given):
            yield call, text_of_range(call)


def _counts_epochs(code: Excerpt) -> bool:
    """Whether a loop, or something that is called, gets to know the number of epochs."""
    for node in code.nodes:
        if isinstance(node, ast.Name) and last(node.id) == "epochs" and isinstance(node.ctx, ast.Load):
            inside = code.within(node, (ast.Call, ast.While, ast.Compare, ast.If, ast.Assign))
            loop = code.within(node, (ast.While, *COMPREHENSIONS))
            printed = isinstance(inside, ast.Call) and text(inside.func) == "print"
            if (isinstance(inside, (ast.Call, ast.Assign)) and not printed) or loop is not None:
                return True
    return False


def _fixed_ranges(code: Excerpt) -> Iterator[ast.Call]:
    for call in code.calls:
        fixed = all(isinstance(value, ast.Constant) and type(value.value) is int for value in call.args)
        if text(call.func) == "range" and call.args and fixed and code.function(call):
            yield call


def text_of_range(call: ast.Call) -> str:
    """The numbers of a range, as they are written."""
    return ", ".join(str(value.value) for value in call.args if isinstance(value, ast.Constant))
