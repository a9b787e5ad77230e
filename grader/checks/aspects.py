"""What is compared in each scene, and how a difference is put to the student: a table, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from grader.language import N_, _


@dataclass(frozen=True)
class Aspect:
    """One thing that is compared: a fact or an array, by name; `needs` are checks without which it says nothing."""

    name: str
    says: str
    hint: str = ""
    needs: tuple[str, ...] = ()
    expected: str = ""  # in words, where the bare value would say little
    relative: float = 1e-4  # float32 sums in another order differ by 1e-6 here


_FLOAT = Aspect(
    "returned", N_("The result is of another type."), N_("A loss tensor keeps the graph alive; item() does not.")
)
_LEAK = N_("Gradients add up until someone clears them. What is left over from the step before?")
_NUMBERS = N_("A history holds plain numbers: float(…) or .item().")
_OPTIMIZER = N_("An optimizer may remember earlier steps. Who else could?")
_CALLS = N_("How often is the model called?")
_ORDER = Aspect(
    "visited",
    N_("Not every sample was used exactly once, in the loader's order."),
    N_("One pass walks through the loader once."),
)
_MOVED = (
    Aspect(
        "inputs moved",
        N_("The inputs are not moved to `device`."),
        N_("On a machine with a GPU, model and data must be in the same place."),
        expected=N_("inputs moved with .to(device), in every batch"),
    ),
    Aspect(
        "model moved",
        N_("The model is not moved to `device`."),
        N_("On a machine with a GPU, model and data must be in the same place."),
        expected=N_("the model moved with .to(device)"),
    ),
    Aspect(
        "apart",
        N_("An operation gets one tensor that was moved to `device` and one that was not."),
        N_("Inputs were moved, and what is computed from them is there, too. And the targets?"),
    ),
)

ASPECTS: dict[str, dict[str, tuple[Aspect, ...]]] = {
    "training-step": {
        "gradients": (Aspect("updates", N_("An update did not use the gradient of its own batch."), _LEAK),),
        "behaviour": (
            _FLOAT,
            Aspect(
                "losses",
                N_("The loss that is returned differs."),
                N_("The loss of this batch, before the update."),
                ("gradients",),
            ),
            Aspect("weights", N_("After the steps the weights differ."), N_("One batch, one update."), ("gradients",)),
            Aspect(
                "samples",
                N_("The model is not called once in each step."),
                _CALLS,
                expected=N_("three calls in three steps"),
            ),
            Aspect("statistics", N_("BatchNorm's statistics differ afterwards."), _CALLS),
        ),
    },
    "train-one-epoch": {
        "gradients": (
            Aspect("updates", N_("An update did not use the gradient of its own batch."), _LEAK, ("modes",)),
        ),
        "modes": (
            Aspect(
                "modes",
                N_("Not every forward pass was made in train mode."),
                N_("After an evaluation, who switches the model back?"),
                expected=N_("the model in train mode, whatever mode it came in"),
            ),
        ),
        "device": _MOVED,
        "behaviour": (
            _FLOAT,
            _ORDER,
            Aspect(
                "losses",
                N_("The mean loss differs."),
                N_("The mean is over samples: a ragged last batch must not weigh as much as a full one."),
                ("gradients", "modes"),
            ),
            Aspect(
                "weights",
                N_("After two epochs the weights differ."),
                N_("One batch, one update."),
                ("gradients", "modes"),
            ),
            Aspect("statistics", N_("BatchNorm's statistics differ afterwards."), _CALLS, ("modes",)),
        ),
    },
    "evaluate": {
        "modes": (
            Aspect(
                "modes",
                N_("Not every forward pass was made in eval mode."),
                N_("Some layers behave differently when you measure than when you learn."),
                expected=N_("the model in eval mode"),
            ),
            Aspect(
                "restored",
                N_("The model is not left in the mode that it came in."),
                N_("Remember the mode, and put it back, whichever it was."),
                expected=N_("train mode restored, and eval mode too"),
            ),
            Aspect(
                "statistics kept",
                N_("BatchNorm's statistics have changed."),
                N_("Measuring must not change what is measured."),
            ),
        ),
        "device": _MOVED,
        "behaviour": (
            Aspect("returned", N_("The result is of another type."), N_("A plain number: float(…) or .item().")),
            Aspect(
                "graph",
                N_("Gradients are recorded during evaluation."),
                N_("What is recorded although nobody will use it?"),
                expected=N_("no graph: torch.no_grad() or inference_mode()"),
            ),
            Aspect(
                "learning kept",
                N_("After the evaluation no gradients are recorded any more."),
                N_("Who switches them on again for the next epoch of training?"),
                expected=N_("gradients switched on again, or off for a `with` block alone"),
            ),
            Aspect("weights kept", N_("The weights have changed."), N_("Measuring must not change what is measured.")),
            _ORDER,
            Aspect(
                "inputs",
                N_("The model was not given the inputs of the loader."),
                N_("What lies between the loader and the call of the model?"),
                expected=N_("every input as the loader gave it"),
            ),
            Aspect(
                "accuracies",
                N_("The accuracy differs."),
                N_("The share of right samples among all samples, as a number from 0 to 1."),
                ("modes",),
            ),
        ),
    },
    "fit": {
        "behaviour": (
            Aspect("returned", N_("The result is not a dict.")),
            Aspect("keys", N_("The history has other keys."), N_("The handout names them.")),
            Aspect("train_loss items", N_("The training losses are of another type."), _NUMBERS),
            Aspect("test_accuracy items", N_("The test accuracies are of another type."), _NUMBERS),
            Aspect("updates", N_("The updates were not made by the optimizer that was handed over."), _OPTIMIZER),
            Aspect(
                "train_loss", N_("The training losses differ."), N_("One number an epoch, the mean over its samples.")
            ),
            Aspect(
                "test_accuracy",
                N_("The test accuracies differ."),
                N_("Evaluated after each epoch, on the test loader."),
            ),
            Aspect(
                "weights",
                N_("After the run the weights differ."),
                N_("As many epochs as asked for, on the training loader."),
            ),
            Aspect(
                "statistics",
                N_("BatchNorm's statistics differ afterwards."),
                N_("Train in train mode, evaluate in eval mode."),
            ),
        ),
    },
    "make-criterion": {
        "behaviour": (
            Aspect(
                "classification",
                N_("The loss for 'classification' differs."),
                N_("Which loss takes raw scores (logits)?"),
            ),
            Aspect("classification gradient", N_("The gradient for 'classification' differs.")),
            Aspect("regression", N_("The loss for 'regression' differs."), N_("The mean of squared differences.")),
            Aspect("regression gradient", N_("The gradient for 'regression' differs.")),
            Aspect(
                "unknown",
                N_("Another name does not raise a ValueError."),
                N_("An unknown name is the caller's mistake."),
            ),
        ),
    },
    "make-optimizer": {
        "behaviour": (
            Aspect(
                "sgd misses",
                N_("The optimizer for 'sgd' does not hold all parameters."),
                N_("Does it know all learnable tensors?"),
            ),
            Aspect(
                "adam misses",
                N_("The optimizer for 'adam' does not hold all parameters."),
                N_("Does it know all learnable tensors?"),
            ),
            Aspect(
                "sgd",
                N_("Updates of 'sgd' differ."),
                N_("Plain gradient descent at rate lr, other settings at their defaults."),
                relative=1e-8,
            ),
            Aspect(
                "adam",
                N_("Updates of 'adam' differ."),
                N_("Adam at rate lr, other settings at their defaults."),
                relative=1e-8,
            ),
            Aspect(
                "unknown",
                N_("Another name does not raise a ValueError."),
                N_("An unknown name is the caller's mistake."),
            ),
        ),
    },
}
# The call of each scene, and what a comment says beside it.
CALLS = {
    "training-step": ("training_step(model, criterion, optimizer, inputs, targets)", N_("three batches in turn")),
    "train-one-epoch": (
        "train_one_epoch(model, loader, criterion, optimizer, device)",
        N_("23 samples in batches of 5"),
    ),
    "evaluate": ("evaluate(model, loader, device)", N_("23 samples in batches of 5, from either mode")),
    "fit": ("fit(model, train_loader, test_loader, criterion, optimizer, 4, device)", ""),
    "make-loaders": ("make_loaders(train_dataset, test_dataset, 4)", N_("23 and 11 samples, two epochs")),
    "make-criterion": ("make_criterion('classification'), make_criterion('regression')", N_("and three others")),
    "make-optimizer": (
        "make_optimizer(model, 'sgd', 0.05), make_optimizer(model, 'adam', 0.05)",
        N_("and three others"),
    ),
    "dropout": ("FunctionalDropout(0.5)(x)", ""),
    "plot-history": (
        "plot_history({'train_loss': [1.9, 0.8, 1.2, 0.55], 'test_accuracy': [0.31, 0.72, 0.58, 0.77]})",
        "",
    ),
}


def call(scene: str) -> str:
    """The call that a scene makes, to be pasted, with a comment where there is more to say; nothing where it is not
    known."""
    code, comment = CALLS.get(scene, ("", ""))
    return f"{code}  # {_(comment)}" if comment else code


def relative(scene: str, name: str) -> float:
    """The tolerance that an array of a scene is compared with; the usual one where no check compares it."""
    found = [each.relative for group in ASPECTS.get(scene, {}).values() for each in group if each.name == name]
    return min(found, default=Aspect("", "").relative)
