"""Assignment `layers`: the four parts of every training program, and the two forms in which PyTorch offers a layer.

Layer, model, loss and optimizer are the parts; you put them together in `training_step`. Most layers come in two forms:
`torch.nn` has modules, which own their weights and know whether they are in train or in eval mode, and
`torch.nn.functional` has functions, which own nothing and know only what you hand over.

Rules for all six exercises:

* Tensors are float tensors unless the exercise says otherwise; `N` is the batch size and may be any number.
* The output has the dtype and device of the input. No size is written into your code.
* "Functional form" means that the computation is done by functions of `torch.nn.functional`.

You are free to add helper functions and imports and to choose the names of attributes and variables.
The names of classes, functions and arguments below are fixed.
"""

from collections.abc import Callable

import torch
import torch.nn as nn
import torch.nn.functional as F


def linear_module(in_features: int, out_features: int) -> nn.Module:
    """Return a module that computes `x @ weight.T + bias`.

    Arguments:
        in_features: numbers per sample that go in.
        out_features: numbers per sample that come out.

    The module has two learnable, registered parameters: a weight of shape `(out_features, in_features)` and a bias of
    shape `(out_features,)`. Called with `x` of shape `(N, in_features)` it returns a tensor of shape
    `(N, out_features)`. The values that the parameters start from are up to you.
    """
    return nn.Linear(in_features, out_features)


def linear_functional(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return `x @ weight.T + bias`, computed in functional form on the given tensors.

    Arguments:
        x: the input, `(N, in_features)`.
        weight: the weight, `(out_features, in_features)`.
        bias: the bias, `(out_features,)`.

    The result has shape `(N, out_features)`. After `backward()`, gradients have reached all three tensors.
    """
    return F.linear(x, weight, bias)


class FunctionalLinear(nn.Module):
    """A linear layer that owns its parameters and applies them in functional form: `x @ weight.T + bias`.

    Arguments:
        in_features: numbers per sample that go in.
        out_features: numbers per sample that come out.

    The module has two registered parameters: a weight of shape `(out_features, in_features)` and a bias of shape
    `(out_features,)`. They show up in `parameters()` and `state_dict()` and move with `.to()`. The values that they
    start from are up to you.

    `forward` takes `x` of shape `(N, in_features)` and returns a tensor of shape `(N, out_features)`.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the transformed input, `(N, out_features)`."""
        return F.linear(x, self.weight, self.bias)


class FunctionalDropout(nn.Module):
    """Dropout in functional form, which follows the mode of the module.

    Arguments:
        p: the share of the numbers that is dropped, that is set to zero: 0 drops none, 0.9 drops most.

    After `.train()`, `forward` drops each number of `x` with probability `p`, draws a fresh mask in every call, and
    multiplies the survivors by `1 / (1 - p)`. After `.eval()`, it returns `x` as it is. `x` may have any shape; the
    result has the same.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` with some of its numbers dropped, or `x` itself in eval mode."""
        return F.dropout(x, self.p, training=self.training)


def conv_relu_pool(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return convolution -> ReLU -> max pooling, all in functional form.

    The convolution is 3x3 with padding 1 and stride 1, the pooling 2x2 with stride 2.

    Arguments:
        x: the images, `(N, C, H, W)`; `H` and `W` may differ and may be odd.
        weight: the kernels, `(O, C, 3, 3)`.
        bias: one number for each kernel, `(O,)`.

    The result has shape `(N, O, H // 2, W // 2)`. After `backward()`, gradients have reached all three tensors.
    """
    x = F.conv2d(x, weight, bias, stride=1, padding=1)
    x = F.relu(x)
    return F.max_pool2d(x, kernel_size=2)


def training_step(
    model: nn.Module,
    criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    inputs: torch.Tensor,
    targets: torch.Tensor,
) -> float:
    """Make one update of the model: forward, loss, backward, update.

    Arguments:
        model: the model to train.
        criterion: the loss; `criterion(outputs, targets)` returns a tensor with one number.
        optimizer: holds the parameters of the model.
        inputs: one batch for the model.
        targets: what the model should have answered; for classes, integers of shape `(N,)`.

    Gradients that an earlier step has left behind must not leak into this one. Returns the loss *before* the update,
    as a Python `float`.
    """
    loss = criterion(model(inputs), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
