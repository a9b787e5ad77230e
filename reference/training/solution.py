"""Assignment `training`: the six steps of training a model, and the curves that show how it went.

Data, loss, optimizer, one epoch of training, evaluation, and the loop around them; then the plots. The functions are
made for each other: `fit` calls `train_one_epoch` and `evaluate`, and `plot_history` draws what `fit` returns.

Rules for all seven exercises:

* Your code works for any model, data set, batch size and loss: nothing about them is written into it.
* `device` says where to compute: a `torch.device` or a name such as "cpu". The data come from the loader on the CPU.
* Where a number is asked for, return a Python `float`, not a tensor.
* A data set may hold any number of samples. The last batch of an epoch may therefore be smaller than the others, and
  still every sample counts the same.

You are free to add helper functions and imports and to choose the names of variables.
The names of the functions and of their arguments, and the two keys of the history, are fixed.
"""

from collections.abc import Callable

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


def make_loaders(train_dataset: Dataset, test_dataset: Dataset, batch_size: int) -> tuple[DataLoader, DataLoader]:
    """Return two loaders, `(train_loader, test_loader)`.

    Arguments:
        train_dataset: the samples to train on.
        test_dataset: the samples to evaluate on.
        batch_size: samples per batch, for both loaders.

    The train loader comes in a new random order every epoch, the test loader in the order of the data set. Neither
    leaves out a sample.
    """
    train_loader = DataLoader(train_dataset, batch_size=batch_size, shuffle=True)
    test_loader = DataLoader(test_dataset, batch_size=batch_size, shuffle=False)
    return train_loader, test_loader


def make_criterion(task: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Return the loss for a task.

    Arguments:
        task: "classification" or "regression".

    The result is called with `(outputs, targets)` and returns a tensor with one number, the mean over the batch.
    For "classification" it is the cross entropy of logits `(N, classes)` and integer targets `(N,)`, for "regression"
    the mean squared error of outputs and targets of the same shape. Any other task raises a `ValueError`.
    """
    if task == "classification":
        return nn.CrossEntropyLoss()
    if task == "regression":
        return nn.MSELoss()
    raise ValueError(f"unknown task {task!r}: expected 'classification' or 'regression'")


def make_optimizer(model: nn.Module, name: str, lr: float) -> torch.optim.Optimizer:
    """Return an optimizer for all parameters of the model.

    Arguments:
        model: the model to train.
        name: "sgd" or "adam".
        lr: the learning rate.

    The result is a `torch.optim.SGD` or a `torch.optim.Adam`, with default settings apart from the learning rate. Any
    other name raises a `ValueError`.
    """
    if name == "sgd":
        return torch.optim.SGD(model.parameters(), lr=lr)
    if name == "adam":
        return torch.optim.Adam(model.parameters(), lr=lr)
    raise ValueError(f"unknown optimizer {name!r}: expected 'sgd' or 'adam'")


def train_one_epoch(
    model: nn.Module,
    loader: DataLoader,
    criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    device: torch.device | str,
) -> float:
    """Train the model for one pass over the loader, in train mode and on `device`, with one update for each batch.

    Arguments:
        model: the model to train.
        loader: yields batches `(inputs, targets)`.
        criterion: the loss; `criterion(outputs, targets)` returns a tensor with one number, the mean over the batch.
        optimizer: holds the parameters of the model.
        device: where to compute; model and batches are moved there.

    Returns the mean loss per sample as a `float`. Each batch counts with the loss that it had before its update, and
    with as many samples as it holds.
    """
    model.to(device)
    model.train()
    total_loss = 0.0
    total_samples = 0
    for inputs, targets in loader:
        inputs = inputs.to(device)
        targets = targets.to(device)
        loss = criterion(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(inputs)
        total_samples += len(inputs)
    return total_loss / total_samples


def evaluate(model: nn.Module, loader: DataLoader, device: torch.device | str) -> float:
    """Return the accuracy of a classifier: the share of all samples for which the highest score is at the right class.

    Arguments:
        model: a model whose outputs are scores of shape `(N, classes)`.
        loader: yields batches `(inputs, targets)`, with targets of shape `(N,)`.
        device: where to compute; model and batches are moved there.

    The result is a `float` between 0 and 1. The model computes in eval mode and no graph is built. Afterwards its
    parameters and buffers are what they were, and it is back in the mode in which it was before.
    """
    was_training = model.training
    model.to(device)
    model.eval()
    correct = 0
    total_samples = 0
    with torch.no_grad():
        for inputs, targets in loader:
            inputs = inputs.to(device)
            targets = targets.to(device)
            predictions = model(inputs).argmax(dim=1)
            correct += (predictions == targets).sum().item()
            total_samples += len(inputs)
    model.train(was_training)
    return correct / total_samples


def fit(
    model: nn.Module,
    train_loader: DataLoader,
    test_loader: DataLoader,
    criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    epochs: int,
    device: torch.device | str,
) -> dict[str, list[float]]:
    """Train the model for some epochs and evaluate it after each.

    Arguments:
        model: the model to train.
        train_loader: the batches to train on.
        test_loader: the batches to evaluate on.
        criterion: the loss, as in `train_one_epoch`.
        optimizer: holds the parameters of the model.
        epochs: how many passes to make over the train loader.
        device: where to compute.

    Returns the history, `{"train_loss": [...], "test_accuracy": [...]}`: for every epoch, in order, the mean loss per
    sample while training and the accuracy after it.
    """
    history: dict[str, list[float]] = {"train_loss": [], "test_accuracy": []}
    for _ in range(epochs):
        history["train_loss"].append(train_one_epoch(model, train_loader, criterion, optimizer, device))
        history["test_accuracy"].append(evaluate(model, test_loader, device))
    return history


def plot_history(history: dict[str, list[float]]):
    """Return a `matplotlib.figure.Figure` with the curves of a training run, and show no window.

    Arguments:
        history: what `fit` returns: a dictionary with the lists "train_loss" and "test_accuracy".

    The figure has two curves against the epoch: the loss and the accuracy, together or each in a plot of its own. Axes
    are labelled, and a legend or titles say which curve is which.
    """
    from matplotlib.figure import Figure

    epochs = range(1, len(history["train_loss"]) + 1)
    figure = Figure(figsize=(9, 4), layout="constrained")
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    loss_axes.plot(epochs, history["train_loss"], marker="o")
    loss_axes.set(title="Training loss", xlabel="epoch", ylabel="mean loss per sample")
    accuracy_axes.plot(epochs, history["test_accuracy"], marker="o")
    accuracy_axes.set(title="Test accuracy", xlabel="epoch", ylabel="accuracy")
    return figure
