import torch
import torch.nn as nn


class Einsum(nn.Module):
    def __init__(self, weight, bias):
        super().__init__()
        self.register_parameter("weight", nn.Parameter(weight))
        self.register_parameter("bias", nn.Parameter(bias))

    def forward(self, x):
        return torch.einsum("ni,oi->no", x, self.weight) + self.bias


def linear_module(in_features: int, out_features: int) -> nn.Module:
    return Einsum(torch.rand(out_features, in_features) - 0.5, torch.full((out_features,), 0.1))
