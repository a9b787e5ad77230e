"""Facts from the source of one exercise: what is written there, where behaviour alone cannot tell mistakes apart.

Nothing is judged here, and nothing is run: a table of detectors looks at syntax trees (see `excerpt`). A fact names a
mistake by itself, unless it is in `ADVISORY`: those stand in correct work too, and only help to tell mistakes apart
whose effects are seen.
"""

from __future__ import annotations

import ast
import linecache
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from grader.wire.records import Place, Source, SourceFact
from grader.worker import facts_answers as answers
from grader.worker import facts_calls as calls
from grader.worker import facts_classes as classes
from grader.worker import facts_forward as forward
from grader.worker import facts_layers as layers
from grader.worker import facts_loops as loops
from grader.worker import facts_runs as runs
from grader.worker import facts_settings as settings
from grader.worker import facts_steps as steps
from grader.worker.bindings import FUNCTIONS, imported
from grader.worker.excerpt import Excerpt, Part
from grader.worker.facts_names import Seen
from grader.worker.student import Student

FACT_CAP = 200
EACH_CAP = 30  # places of one fact
METHOD_CAP = 100
DETAIL_CAP, NAME_CAP = 80, 200  # characters
FILE_CAP = 20  # other files of the submission

DETECTORS: dict[str, Callable[[Excerpt], Iterator[Seen]]] = {
    # how layers are built, placed and kept
    "duplicate-key": layers.duplicate_keys,
    "shared-layer-entry": layers.shared_layers,
    "layer-built-in-call": layers.built_in_call,
    "list-multiplied": layers.multiplied,
    "plain-list-of-layers": layers.plain_lists,
    "plain-dict-of-layers": layers.plain_dicts,
    "layer-overwritten": layers.overwritten,
    "stride-index-one-repeated": layers.second_stride_repeated,
    # what a class says of itself
    "name-misspelt": classes.misspelt,
    "attribute-shadows-method": classes.shadowing,
    "tensor-method-on-self": classes.tensor_methods_of_self,
    "super-init-missing": classes.inits_without_super,
    "mode-read-in-init": classes.modes_read_early,
    "local-read-as-attribute": classes.locals_missed,
    # the way of the data
    "layer-constructed-on-tensor": forward.built_on_tensors,
    "no-grad-in-forward": forward.no_grad_in_forward,
    "input-changed-in-place": forward.inputs_changed,
    "in-place-after-relu": forward.changed_after_relu,
    "parameter-in-call": forward.parameters_in_calls,
    "call-result-unused": forward.results_unused,
    "layer-never-called": forward.layers_never_called,
    "key-not-visited": forward.keys_not_visited,
    "dict-values-unpacked": forward.dicts_unpacked,
    # single calls and statements
    "functional-dropout-without-flag": calls.dropout_without_flag,
    "functional-dropout-flag-true": calls.dropout_flag_true,
    "functional-dropout-flag-false": calls.dropout_flag_false,
    "dropout-without-p": calls.dropout_without_p,
    "dropout-absent": calls.dropout_absent,
    "functional-with-self": calls.functional_with_self,
    "softmax-without-dim": calls.softmax_without_dim,
    "forward-called-directly": calls.forward_called,
    "device-literal": calls.device_literals,
    "device-misspelt": calls.devices_misspelt,
    "seed-in-call": calls.seeds,
    "retain-graph": calls.retained,
    "data-attribute-update": calls.updates_by_hand,
    "update-rebinds-name": calls.rebound_updates,
    "loss-class-called": calls.loss_classes_called,
    "optimizer-lr-assigned": calls.rates_as_attribute,
    "to-result-dropped": calls.moves_dropped,
    "parameters-generator-reused": calls.generators_reused,
    # what functions give back, and what they draw
    "return-missing": answers.returns_missing,
    "exception-returned": answers.exceptions_returned,
    "default-branch": answers.defaults_given,
    "figure-closed": answers.figures_closed,
    "title-before-figure": answers.titles_early,
    "several-figures": answers.several_figures,
    "figure-cleared": answers.figures_cleared,
    "scatter-or-bar": answers.no_lines,
    "result-rounded": answers.rounded,
    "floor-division": answers.floored,
    "return-in-loop": answers.returns_in_loops,
    # whole runs
    "loader-swapped": runs.loaders_swapped,
    "batch-size-as-shuffle": runs.batch_size_as_shuffle,
    "model-copied": runs.models_copied,
    "optimizer-made-in-loop": runs.optimizers_in_loops,
    "optimizer-made-anew": runs.optimizers_made_anew,
    "gradients-clipped": runs.gradients_clipped,
    "rate-changed": runs.rates_changed,
    "numbers-drawn": runs.numbers_drawn,
    "requires-grad-switched-off": runs.gradients_switched_off,
    "epoch-loop-missing": runs.epoch_loop_missing,
    "epochs-literal": runs.epochs_fixed,
    # settings
    "rate-fixed": settings.rate_fixed,
    "rate-computed": settings.rate_computed,
    "rate-missing": settings.rate_missing,
    "momentum-given": settings.given("momentum", 0, "torch.optim."),
    "weight-decay-given": settings.given("weight_decay", 0, "torch.optim."),
    "betas-given": settings.given("betas", (0.9, 0.999), "torch.optim."),
    "label-smoothing-given": settings.given("label_smoothing", 0, "torch.nn."),
    "norm-eps-given": settings.given("eps", 1e-5, "torch.nn.BatchNorm", "torch.nn.functional.batch_norm"),
    "norm-momentum-given": settings.given("momentum", 0.1, "torch.nn.BatchNorm", "torch.nn.functional.batch_norm"),
    "strides-unread": settings.strides_unread(pointwise=False),
    "shortcut-stride-unread": settings.strides_unread(pointwise=True),
    "loop-left": settings.loops_left,
    # modes and gradients
    "eval-missing": loops.eval_missing,
    "eval-without-call": loops.bare_method("eval"),
    "train-without-call": loops.bare_method("train"),
    "step-without-call": loops.bare_method("step"),
    "zero-grad-without-call": loops.bare_method("zero_grad"),
    "backward-without-call": loops.bare_method("backward"),
    "no-grad-instead-of-eval": loops.no_grad_for_eval,
    "train-in-evaluation": loops.train_in_evaluation,
    "train-call-missing": loops.train_missing,
    "eval-in-training": loops.eval_in_training,
    "mode-flag-assigned": loops.flags_assigned,
    "mode-read-after-eval": loops.mode_read_late,
    "train-always-after-eval": loops.train_after_eval,
    "no-grad-missing": loops.no_grad_missing,
    "no-grad-without-call": loops.no_grad_not_called,
    "no-grad-around-training": loops.no_grad_around_training,
    # losses and updates
    "step-before-backward": steps.step_before_backward,
    "zero-grad-before-step": steps.zero_before_step,
    "optimizer-missing-step": steps.step_missing,
    "backward-missing": steps.backward_missing,
    "zero-grad-missing": steps.zero_missing,
    "loss-tensor-accumulated": steps.tensors_accumulated,
    "item-missing": steps.items_missing,
    "loss-rewrapped": steps.losses_rewrapped,
    "outputs-detached": steps.outputs_detached,
    "argmax-before-loss": steps.argmax_before_loss,
    "argmax-missing-dim": steps.argmax_without_axis,
}
ADVISORY = frozenset(
    [
        "data-attribute-update",
        "device-literal",
        "dict-values-unpacked",
        "forward-called-directly",
        "loop-left",
        "numbers-drawn",
        "retain-graph",
        "seed-in-call",
        "shortcut-stride-unread",
        "strides-unread",
        "softmax-without-dim",
    ]
)
NOTHING = Source((), (), ())


def source(student: Student, params: dict[str, Any], _: dict[str, np.ndarray]) -> tuple[Source, dict[str, np.ndarray]]:
    """Look at the source of the exercise ``params["name"]``, and not at that of ``params["others"]``."""
    path = student.module.__file__ or ""
    parts = _parts(path, student.box)
    return look(parts, params["name"], params["others"], _beside(parts, path, student.box)), {}


def look(
    parts: Sequence[Part], name: str, others: Collection[str] = (), beside: dict[str, Part] | None = None
) -> Source:
    """The facts of one exercise, in the order of the text; none of what is too long, too deep, or no Python."""
    try:
        code = Excerpt(parts, name, others, beside)
        return Source(tuple(_facts(code)), tuple(_places(code)), code.uses)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return NOTHING


def _facts(code: Excerpt) -> list[SourceFact]:
    found = {
        (code.order[node], fact, detail)
        for fact, detect in DETECTORS.items()
        for node, detail in islice(detect(code), EACH_CAP)
    }
    nodes = code.nodes
    facts = (
        SourceFact(name, detail[:DETAIL_CAP], code.file(nodes[index])[:NAME_CAP], getattr(nodes[index], "lineno", 1))
        for index, name, detail in sorted(found)
    )
    return list(dict.fromkeys(facts))[:FACT_CAP]


def _places(code: Excerpt) -> Iterator[Place]:
    """The exercise's methods, those that it inherits from classes of the student's too; of a function itself."""
    root = code.root
    if root is None or root.node not in code.order:
        return
    if not isinstance(root.node, (*FUNCTIONS, ast.ClassDef)):
        yield Place(root.name[:NAME_CAP], root.file[:NAME_CAP], root.node.lineno, root.node.end_lineno or 0)
        return
    own = [root.node] if isinstance(root.node, FUNCTIONS) else []
    if isinstance(root.node, ast.ClassDef):
        own = [node for kind in code.bases(root.node) for node in kind.body if isinstance(node, FUNCTIONS)]
    methods = list({node.name: node for node in reversed(own)}.values())[::-1]
    for node in islice(methods, METHOD_CAP):
        yield Place(node.name[:NAME_CAP], code.file(node)[:NAME_CAP], node.lineno, node.end_lineno or node.lineno)


def _parts(path: str, box: str) -> list[Part]:
    """The source of the module at `path`: the file, or the cells as they were run."""
    if not path.endswith(".ipynb"):
        return [(os.path.relpath(path, box), _read(path))]
    marks = [name.removeprefix(f"{path}, cell ") for name in linecache.cache if name.startswith(f"{path}, cell ")]
    cells = [f"{path}, cell {number}" for number in sorted(int(mark) for mark in marks if mark.isdecimal())]
    return [(os.path.relpath(cell, box), "".join(linecache.getlines(cell))) for cell in cells]


def _beside(parts: Sequence[Part], path: str, box: str) -> dict[str, Part]:
    """Other files of the submission that the module imports, and those that they import, by their last names."""
    found: dict[str, Part] = {}
    waiting = [(os.path.dirname(path), name) for _, text in parts for name in imported(text)]
    while waiting and len(found) < FILE_CAP:
        folder, name = waiting.pop(0)
        for place in (folder, box):
            file = os.path.join(place, *name.split(".")) + ".py"
            own = name.rpartition(".")[2]
            if own not in found and os.path.isfile(file):
                found[own] = (os.path.relpath(file, box), _read(file))
                waiting += [(os.path.dirname(file), further) for further in imported(found[own][1])]
    return dict(reversed(found.items()))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
