# The module is made of our own functional layer, which is made of our own function.
import torch
import torch.nn as nn
import torch.nn.functional


def linear_functional(x, weight, bias):
    return torch.nn.functional.linear(input=x, weight=weight, bias=bias)


class FunctionalLinear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = 1 / in_features**0.5
        self.weight = nn.Parameter(torch.rand(out_features, in_features) * 2 * bound - bound)
        self.bias = nn.Parameter(torch.rand(out_features) * 2 * bound - bound)

    def forward(self, x):
        return linear_functional(x, self.weight, self.bias)


def linear_module(in_features, out_features):
    return FunctionalLinear(in_features, out_features)
