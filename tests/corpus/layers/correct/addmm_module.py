import torch
import torch.nn as nn


def linear_module(in_features, out_features):
    class Affine(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(out_features))
            self.weight = nn.Parameter(torch.randn(out_features, in_features))

        def forward(self, inputs):
            return torch.addmm(self.bias, inputs, self.weight.mT)

    return Affine()
