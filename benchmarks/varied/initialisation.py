"""Layers with starting values of their own, drawn from a seed of their own, and random numbers used up on the way."""

import random

import torch
from torch import nn

torch.manual_seed(1234)
random.seed(1234)


class Linear(nn.Linear):
    """Xavier's weights, no bias at first."""

    def reset_parameters(self):
        torch.manual_seed(random.randrange(1000))
        nn.init.xavier_normal_(self.weight)
        nn.init.zeros_(self.bias)


class Conv2d(nn.Conv2d):
    """Kaiming's weights, for the way back."""

    def reset_parameters(self):
        torch.randn(1000)
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.bias)


class BatchNorm1d(nn.BatchNorm1d):
    """Scales near one."""

    def reset_parameters(self):
        super().reset_parameters()
        nn.init.normal_(self.weight, 1.0, 0.02)


class BatchNorm2d(nn.BatchNorm2d):
    """Scales of zero: residual branches that are silent at first."""

    def reset_parameters(self):
        super().reset_parameters()
        nn.init.zeros_(self.weight)
