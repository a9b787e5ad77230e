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
        self.flatten = nn.Flatten()
        self.linear1 = nn.Linear(in_dim, n_hidden_1)
        self.bn1 = nn.BatchNorm1d(n_hidden_1)
        self.linear2 = nn.Linear(n_hidden_1, n_hidden_2)
        self.bn2 = nn.BatchNorm1d(n_hidden_2)
        self.out = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the probabilities, `(N, out_dim)`."""
        x = self.flatten(x)
        x = F.relu(self.bn1(self.linear1(x)))
        x = F.relu(self.bn2(self.linear2(x)))
        return F.softmax(self.out(x), dim=1)


def build_sequential_args(in_dim: int, n_hidden: int, out_dim: int) -> nn.Sequential:
    """Return an `nn.Sequential` made from positional arguments, one layer after the other.

    flatten -> linear -> bn -> relu -> linear

    Arguments:
        in_dim: number of inputs after flattening.
        n_hidden: width of the hidden layer.
        out_dim: number of classes.

    The network returns logits of shape `(N, out_dim)`.
    """
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(in_dim, n_hidden),
        nn.BatchNorm1d(n_hidden),
        nn.ReLU(),
        nn.Linear(n_hidden, out_dim),
    )


def build_sequential_add_module(in_dim: int, n_hidden: int, out_dim: int) -> nn.Sequential:
    """Return the network of `build_sequential_args`, built by calling `add_module` for each layer.

    The layers are called, in this order: `flatten`, `linear1`, `bn1`, `relu1`, `out`.

    Arguments:
        in_dim: number of inputs after flattening.
        n_hidden: width of the hidden layer.
        out_dim: number of classes.

    The network returns logits of shape `(N, out_dim)`.
    """
    model = nn.Sequential()
    model.add_module("flatten", nn.Flatten())
    model.add_module("linear1", nn.Linear(in_dim, n_hidden))
    model.add_module("bn1", nn.BatchNorm1d(n_hidden))
    model.add_module("relu1", nn.ReLU())
    model.add_module("out", nn.Linear(n_hidden, out_dim))
    return model


def build_sequential_ordered_dict(in_dim: int, n_hidden: int, out_dim: int) -> nn.Sequential:
    """Return the network of `build_sequential_args`, built from an `OrderedDict`.

    The layers are called, in this order: `flatten`, `linear1`, `bn1`, `relu1`, `out`.

    Arguments:
        in_dim: number of inputs after flattening.
        n_hidden: width of the hidden layer.
        out_dim: number of classes.

    The network returns logits of shape `(N, out_dim)`.
    """
    layers = OrderedDict(
        [
            ("flatten", nn.Flatten()),
            ("linear1", nn.Linear(in_dim, n_hidden)),
            ("bn1", nn.BatchNorm1d(n_hidden)),
            ("relu1", nn.ReLU()),
            ("out", nn.Linear(n_hidden, out_dim)),
        ]
    )
    return nn.Sequential(layers)


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
        self.flatten = nn.Flatten()
        self.layer1 = nn.Sequential(nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1))
        self.layer2 = nn.Sequential(nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2))
        self.out = nn.Sequential(nn.Linear(n_hidden_2, out_dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the probabilities, `(N, out_dim)`."""
        x = self.flatten(x)
        x = F.relu(self.layer1(x))
        x = F.relu(self.layer2(x))
        return F.softmax(self.out(x), dim=1)


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
        self.layers = nn.ModuleList(
            [
                nn.Flatten(),
                nn.Linear(in_dim, n_hidden_1),
                nn.BatchNorm1d(n_hidden_1),
                nn.ReLU(),
                nn.Linear(n_hidden_1, n_hidden_2),
                nn.Linear(n_hidden_2, out_dim),
            ]
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits, `(N, out_dim)`."""
        for layer in self.layers:
            x = layer(x)
        return x


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
        self.layers = nn.ModuleDict(
            {
                "flatten": nn.Flatten(),
                "linear1": nn.Linear(in_dim, n_hidden_1),
                "bn1": nn.BatchNorm1d(n_hidden_1),
                "relu": nn.ReLU(),
                "out": nn.Linear(n_hidden_1, out_dim),
            }
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits, `(N, out_dim)`."""
        for name in ["flatten", "linear1", "bn1", "relu", "out"]:
            x = self.layers[name](x)
        return x
