from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch import nn as N


@dataclass(frozen=True)
class Config:
    inputs: int
    hidden: tuple[int, int]
    classes: int


CLASS_AXIS: Final = 1


class Model_Seq(N.Module):
    config: Config

    def __init__(self, in_dim: int, n_hidden_1: int, n_hidden_2: int, out_dim: int) -> None:
        super().__init__()
        self.config = Config(in_dim, (n_hidden_1, n_hidden_2), out_dim)
        h1, h2 = self.config.hidden
        self.fc_a: N.Linear = N.Linear(self.config.inputs, h1)
        self.norm_a: N.BatchNorm1d = N.BatchNorm1d(h1)
        self.fc_b: N.Linear = N.Linear(h1, h2)
        self.norm_b: N.BatchNorm1d = N.BatchNorm1d(h2)
        self.fc_c: N.Linear = N.Linear(h2, self.config.classes)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.norm_a(self.fc_a(inputs.flatten(1))).relu()
        hidden = self.norm_b(self.fc_b(hidden)).relu()
        return self.fc_c(hidden).softmax(dim=CLASS_AXIS)


class Model_Dict(N.Module):
    def __init__(self, in_dim: int, n_hidden_1: int, n_hidden_2: int, out_dim: int) -> None:
        super().__init__()
        del n_hidden_2
        self.table: N.ModuleDict = N.ModuleDict(
            {"fc": N.Linear(in_dim, n_hidden_1), "norm": N.BatchNorm1d(n_hidden_1), "act": N.ReLU(), "out": N.Linear(n_hidden_1, out_dim)}
        )

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = torch.flatten(inputs, 1)
        for _, layer in self.table.items():
            hidden = layer(hidden)
        return hidden
