# fails: parameters
import torch
import torch.nn as nn


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.params = [
            nn.Parameter(torch.randn(out_features, in_features) * 0.1),
            nn.Parameter(torch.zeros(out_features)),
        ]

    def forward(self, x):
        return x @ self.params[0].t() + self.params[1]


def linear_module(in_features, out_features):
    return Linear(in_features, out_features)
