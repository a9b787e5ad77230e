"""Assignment `build_methods`: one classifier, built in every way that PyTorch offers.

The running example sorts images of 28x28 pixels and one channel into ten classes: 784 inputs, hidden layers of
300 and 100 units, 10 outputs. None of these numbers may be written into your code, though: every size is an argument.

Rules for all seven exercises:

* The input is a float tensor of shape `(N, 1, 28, 28)`, or of any other shape that flattens to `(N, in_dim)`.
  `N` is the batch size. Every network starts by flattening each image to one row.
* The output has shape `(N, out_dim)` and the dtype and device of the input.
* Every linear layer has a bias. "bn" is `nn.BatchNorm1d` with its default settings.
* Some exercises return probabilities (softmax at the end), the others return logits (no softmax). Read carefully.

You are free to add helper functions and imports and to choose the names of attributes and variables.
The names of classes, functions and arguments below, and the layer names that two exercises ask for, are fixed.
"""

from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    """A network that subclasses `nn.Module` directly: layers in `__init__`, computation in `forward`.

    flatten -> linear -> bn -> relu -> linear -> bn -> relu -> linear -> softmax over the classes

    Arguments:
        in_dim: number of inputs after flattening.
        n_hidden_1: width of the first hidden layer.
        n_hidden_2: width of the second hidden layer.
        out_dim: number of classes.

    `forward` takes `x` and returns probabilities of shape `(N, out_dim)`: each row sums to 1.
    """

    def __init__(self, in_dim: int, n_hidden_1: int, n_hidden_2: int, out_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("Model_Seq: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the probabilities, `(N, out_dim)`."""
        raise NotImplementedError("Model_Seq: compute the output here")


def build_sequential_args(in_dim: int, n_hidden: int, out_dim: int) -> nn.Sequential:
    """Return an `nn.Sequential` made from positional arguments, one layer after the other.

    flatten -> linear -> bn -> relu -> linear

    Arguments:
        in_dim: number of inputs after flattening.
        n_hidden: width of the hidden layer.
        out_dim: number of classes.

    The network returns logits of shape `(N, out_dim)`.
    """
    raise NotImplementedError("build_sequential_args: write this function")


def build_sequential_add_module(in_dim: int, n_hidden: int, out_dim: int) -> nn.Sequential:
    """Return the network of `build_sequential_args`, built by calling `add_module` for each layer.

    The layers are called, in this order: `flatten`, `linear1`, `bn1`, `relu1`, `out`.

    Arguments:
        in_dim: number of inputs after flattening.
        n_hidden: width of the hidden layer.
        out_dim: number of classes.

    The network returns logits of shape `(N, out_dim)`.
    """
    raise NotImplementedError("build_sequential_add_module: write this function")


def build_sequential_ordered_dict(in_dim: int, n_hidden: int, out_dim: int) -> nn.Sequential:
    """Return the network of `build_sequential_args`, built from an `OrderedDict`.

    The layers are called, in this order: `flatten`, `linear1`, `bn1`, `relu1`, `out`.

    Arguments:
        in_dim: number of inputs after flattening.
        n_hidden: width of the hidden layer.
        out_dim: number of classes.

    The network returns logits of shape `(N, out_dim)`.
    """
    raise NotImplementedError("build_sequential_ordered_dict: write this function")


class Model_Lay(nn.Module):
    """The network of `Model_Seq`, with its layers packed into `nn.Sequential` containers (at least two).

    flatten -> (linear, bn) -> relu -> (linear, bn) -> relu -> (linear) -> softmax over the classes

    Arguments:
        in_dim: number of inputs after flattening.
        n_hidden_1: width of the first hidden layer.
        n_hidden_2: width of the second hidden layer.
        out_dim: number of classes.

    `forward` takes `x` and returns probabilities of shape `(N, out_dim)`: each row sums to 1.
    """

    def __init__(self, in_dim: int, n_hidden_1: int, n_hidden_2: int, out_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("Model_Lay: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the probabilities, `(N, out_dim)`."""
        raise NotImplementedError("Model_Lay: compute the output here")


class Model_Lst(nn.Module):
    """A network that holds its layers in an `nn.ModuleList`.

    flatten -> linear(in_dim, n_hidden_1) -> bn(n_hidden_1) -> relu -> linear(n_hidden_1, n_hidden_2)
    -> linear(n_hidden_2, out_dim)

    Note that there is nothing between the last two linear layers.

    Arguments:
        in_dim: number of inputs after flattening.
        n_hidden_1: width of the first hidden layer.
        n_hidden_2: width of the second hidden layer.
        out_dim: number of classes.

    `forward` takes `x` and returns logits of shape `(N, out_dim)`.
    """

    def __init__(self, in_dim: int, n_hidden_1: int, n_hidden_2: int, out_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("Model_Lst: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits, `(N, out_dim)`."""
        raise NotImplementedError("Model_Lst: compute the output here")


class Model_Dict(nn.Module):
    """A network that holds its layers in an `nn.ModuleDict`.

    flatten -> linear(in_dim, n_hidden_1) -> bn(n_hidden_1) -> relu -> linear(n_hidden_1, out_dim)

    Arguments:
        in_dim: number of inputs after flattening.
        n_hidden_1: width of the hidden layer.
        n_hidden_2: accepted so that all models can be built by the same call, and not used.
        out_dim: number of classes.

    `forward` takes `x` and returns logits of shape `(N, out_dim)`.
    """

    def __init__(self, in_dim: int, n_hidden_1: int, n_hidden_2: int, out_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("Model_Dict: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits, `(N, out_dim)`."""
        raise NotImplementedError("Model_Dict: compute the output here")
