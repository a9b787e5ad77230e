import torch
import torch.nn as nn
import torch.nn.functional as F


class FunctionalLinear(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        n_in, n_out = sizes
        self.params = nn.ParameterList([torch.randn(n_out, n_in), torch.randn(n_out)])

    def forward(self, x):
        return F.linear(x, *self.params)
