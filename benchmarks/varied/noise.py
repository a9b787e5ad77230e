"""Layers whose results are up to eight rounding steps off: about 1e-6 of their value in float32."""

import torch
from torch import nn


def noisy(y):
    """Move every value by its own share of eight steps, the same share each time."""
    share = torch.arange(y.numel(), dtype=y.dtype, device=y.device).mul(12.9898).sin().view(y.shape)
    return y * (1 + 8 * torch.finfo(y.dtype).eps * share)


class Linear(nn.Linear):
    """Noise on all products."""

    def forward(self, x):
        return noisy(super().forward(x))


class Conv2d(nn.Conv2d):
    """Noise on all products."""

    def forward(self, x):
        return noisy(super().forward(x))
