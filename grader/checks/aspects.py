"""What is compared in each scene, and how a difference is put to the student: a table, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Aspect:
    """One thing that is compared: a fact or an array, by name; `needs` are checks without which it says nothing."""

    name: str
    says: str
    hint: str = ""
    needs: tuple[str, ...] = ()
    expected: str = ""  # in words, where the bare value would say little
    relative: float = 1e-4  # float32 sums in another order differ by 1e-6 here


_FLOAT = Aspect("returned", "The result is of another type.", "A loss tensor keeps the graph alive; item() does not.")
_LEAK = "Gradients add up until someone clears them. What is left over from the step before?"
_NUMBERS = "A history holds plain numbers: float(…) or .item()."
_OPTIMIZER = "An optimizer may remember earlier steps. Who else could?"
_CALLS = "How often is the model called?"
_ORDER = Aspect(
    "visited",
    "Not every sample was used exactly once, in the loader's order.",
    "One pass walks through the loader once.",
)
_MOVED = (
    Aspect(
        "inputs moved",
        "The inputs are not moved to `device`.",
        "On a machine with a GPU, model and data must be in the same place.",
        expected="inputs moved with .to(device), in every batch",
    ),
    Aspect(
        "model moved",
        "The model is not moved to `device`.",
        "On a machine with a GPU, model and data must be in the same place.",
        expected="the model moved with .to(device)",
    ),
    Aspect(
        "apart",
        "An operation gets one tensor that was moved to `device` and one that was not.",
        "Inputs were moved, and what is computed from them is there, too. And the targets?",
    ),
)

ASPECTS: dict[str, dict[str, tuple[Aspect, ...]]] = {
    "training-step": {
        "gradients": (Aspect("updates", "An update did not use the gradient of its own batch.", _LEAK),),
        "behaviour": (
            _FLOAT,
            Aspect(
                "losses",
                "The loss that is returned differs.",
                "The loss of this batch, before the update.",
                ("gradients",),
            ),
            Aspect("weights", "After the steps the weights differ.", "One batch, one update.", ("gradients",)),
            Aspect(
                "samples", "The model is not called once in each step.", _CALLS, expected="three calls in three steps"
            ),
            Aspect("statistics", "BatchNorm's statistics differ afterwards.", _CALLS),
        ),
    },
    "train-one-epoch": {
        "gradients": (Aspect("updates", "An update did not use the gradient of its own batch.", _LEAK, ("modes",)),),
        "modes": (
            Aspect(
                "modes",
                "Not every forward pass was made in train mode.",
                "After an evaluation, who switches the model back?",
                expected="the model in train mode, whatever mode it came in",
            ),
        ),
        "device": _MOVED,
        "behaviour": (
            _FLOAT,
            _ORDER,
            Aspect(
                "losses",
                "The mean loss differs.",
                "The mean is over samples: a ragged last batch must not weigh as much as a full one.",
                ("gradients", "modes"),
            ),
            Aspect("weights", "After two epochs the weights differ.", "One batch, one update.", ("gradients", "modes")),
            Aspect("statistics", "BatchNorm's statistics differ afterwards.", _CALLS, ("modes",)),
        ),
    },
    "evaluate": {
        "modes": (
            Aspect(
                "modes",
                "Not every forward pass was made in eval mode.",
                "Some layers behave differently when you measure than when you learn.",
                expected="the model in eval mode",
            ),
            Aspect(
                "restored",
                "The model is not left in the mode that it came in.",
                "Remember the mode, and put it back, whichever it was.",
                expected="train mode restored, and eval mode too",
            ),
            Aspect(
                "statistics kept", "BatchNorm's statistics have changed.", "Measuring must not change what is measured."
            ),
        ),
        "device": _MOVED,
        "behaviour": (
            Aspect("returned", "The result is of another type.", "A plain number: float(…) or .item()."),
            Aspect(
                "graph",
                "Gradients are recorded during evaluation.",
                "What is recorded although nobody will use it?",
                expected="no graph: torch.no_grad() or inference_mode()",
            ),
            Aspect(
                "learning kept",
                "After the evaluation no gradients are recorded any more.",
                "Who switches them on again for the next epoch of training?",
                expected="gradients switched on again, or off for a `with` block alone",
            ),
            Aspect("weights kept", "The weights have changed.", "Measuring must not change what is measured."),
            _ORDER,
            Aspect(
                "inputs",
                "The model was not given the inputs of the loader.",
                "What lies between the loader and the call of the model?",
                expected="every input as the loader gave it",
            ),
            Aspect(
                "accuracies",
                "The accuracy differs.",
                "The share of right samples among all samples, as a number from 0 to 1.",
                ("modes",),
            ),
        ),
    },
    "fit": {
        "behaviour": (
            Aspect("returned", "The result is not a dict."),
            Aspect("keys", "The history has other keys.", "The handout names them."),
            Aspect("train_loss items", "The training losses are of another type.", _NUMBERS),
            Aspect("test_accuracy items", "The test accuracies are of another type.", _NUMBERS),
            Aspect("updates", "The updates were not made by the optimizer that was handed over.", _OPTIMIZER),
            Aspect("train_loss", "The training losses differ.", "One number an epoch, the mean over its samples."),
            Aspect("test_accuracy", "The test accuracies differ.", "Evaluated after each epoch, on the test loader."),
            Aspect(
                "weights", "After the run the weights differ.", "As many epochs as asked for, on the training loader."
            ),
            Aspect(
                "statistics", "BatchNorm's statistics differ afterwards.", "Train in train mode, evaluate in eval mode."
            ),
        ),
    },
    "make-criterion": {
        "behaviour": (
            Aspect("classification", "The loss for 'classification' differs.", "Which loss takes raw scores (logits)?"),
            Aspect("classification gradient", "The gradient for 'classification' differs."),
            Aspect("regression", "The loss for 'regression' differs.", "The mean of squared differences."),
            Aspect("regression gradient", "The gradient for 'regression' differs."),
            Aspect("unknown", "Another name does not raise a ValueError.", "An unknown name is the caller's mistake."),
        ),
    },
    "make-optimizer": {
        "behaviour": (
            Aspect(
                "sgd misses",
                "The optimizer for 'sgd' does not hold all parameters.",
                "Does it know all learnable tensors?",
            ),
            Aspect(
                "adam misses",
                "The optimizer for 'adam' does not hold all parameters.",
                "Does it know all learnable tensors?",
            ),
            Aspect(
                "sgd",
                "Updates of 'sgd' differ.",
                "Plain gradient descent at rate lr, other settings at their defaults.",
                relative=1e-8,
            ),
            Aspect(
                "adam", "Updates of 'adam' differ.", "Adam at rate lr, other settings at their defaults.", relative=1e-8
            ),
            Aspect("unknown", "Another name does not raise a ValueError.", "An unknown name is the caller's mistake."),
        ),
    },
}
CALLS = {
    "training-step": "training_step(model, criterion, optimizer, inputs, targets)  # three batches in turn",
    "train-one-epoch": "train_one_epoch(model, loader, criterion, optimizer, device)  # 23 samples in batches of 5",
    "evaluate": "evaluate(model, loader, device)  # 23 samples in batches of 5, from either mode",
    "fit": "fit(model, train_loader, test_loader, criterion, optimizer, 4, device)",
    "make-loaders": "make_loaders(train_dataset, test_dataset, 4)  # 23 and 11 samples, two epochs",
    "make-criterion": "make_criterion('classification'), make_criterion('regression')  # and three others",
    "make-optimizer": "make_optimizer(model, 'sgd', 0.05), make_optimizer(model, 'adam', 0.05)  # and three others",
    "dropout": "FunctionalDropout(0.5)(x)",
    "plot-history": "plot_history({'train_loss': [1.9, 0.8, 1.2, 0.55], 'test_accuracy': [0.31, 0.72, 0.58, 0.77]})",
}


def relative(scene: str, name: str) -> float:
    """The tolerance that an array of a scene is compared with; the usual one where no check compares it."""
    found = [each.relative for group in ASPECTS.get(scene, {}).values() for each in group if each.name == name]
    return min(found, default=Aspect("", "").relative)
