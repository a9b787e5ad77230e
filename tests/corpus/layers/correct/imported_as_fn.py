import torch
import torch.nn.functional as fn
from torch import nn as N


def linear_functional(x, weight, bias):
    out = fn.linear(x, weight)
    return out + bias


class FunctionalLinear(N.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.bias = N.Parameter(torch.zeros(out_features))
        self.weight = N.Parameter(torch.randn(out_features, in_features).mul_(0.01))

    def forward(self, x):
        return fn.linear(x, bias=self.bias, weight=self.weight)


class FunctionalDropout(N.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return fn.dropout(x, self.p, self.training)


def conv_relu_pool(x, weight, bias):
    return fn.max_pool2d(fn.relu(fn.conv2d(x, weight, bias, padding=1)), 2)
