from __future__ import annotations

from typing import Final

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

print("layers.py 🎉")


class FunctionalLinear(nn.Module):
    """x·Wᵀ + b"""

    in_features: Final[int]

    def __init__(self, in_features: int, out_features: int, device=None, dtype=None) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = nn.Parameter(torch.empty((out_features, in_features), device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(out_features, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.xavier_normal_(self.weight)
        nn.init.constant_(self.bias, 0.0)

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}"

    def forward(self, input: Tensor) -> Tensor:
        print("in", tuple(input.shape))
        return F.linear(input, self.weight, self.bias)


class FunctionalDropout(nn.Module):
    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p must be between 0 and 1, not {p}")
        self.p = p

    def extra_repr(self) -> str:
        return f"p={self.p}"

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, p=self.p, training=self.training, inplace=False)
