"""Layers that equal torch's in algebra and round in another way: other orders of operations, another memory format."""

import torch
from torch import nn


class Linear(nn.Linear):
    """Products by matmul, in two halves, the second half first."""

    def forward(self, x):
        half = self.in_features // 2
        late = x[..., half:] @ self.weight[:, half:].t()
        early = x[..., :half] @ self.weight[:, :half].t()
        return self.bias + late + early


class Conv2d(nn.Conv2d):
    """In channels-last memory, for which torch has other routines."""

    def forward(self, x):
        weight = self.weight.contiguous(memory_format=torch.channels_last)
        return self._conv_forward(x.contiguous(memory_format=torch.channels_last), weight, self.bias)


class Normalised:
    """Batch normalisation written out, with one factor for deviation and scale."""

    def forward(self, x):
        shape, axes = (1, -1) + (1,) * (x.ndim - 2), [0, *range(2, x.ndim)]
        mean, variance = self.running_mean, self.running_var
        if self.training:
            mean = x.mean(axes)
            variance = (x - mean.view(shape)).square().mean(axes)
            count = x.numel() / x.shape[1]
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(variance * count / (count - 1), self.momentum)
                self.num_batches_tracked.add_(1)
        factor = self.weight / (variance + self.eps).sqrt()
        return x * factor.view(shape) + (self.bias - mean * factor).view(shape)


class BatchNorm1d(Normalised, nn.BatchNorm1d):
    """Of rows."""


class BatchNorm2d(Normalised, nn.BatchNorm2d):
    """Of images."""


def relu(x):
    """Zero where x is not positive."""
    return x * (x > 0)


def softmax(x, dim):
    """By way of logarithms."""
    return x.log_softmax(dim).exp()
