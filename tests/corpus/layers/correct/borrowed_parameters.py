# The parameters come from an nn.Linear; what is computed with them is functional.
import torch.nn as nn
import torch.nn.functional as F


class FunctionalLinear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        start = nn.Linear(in_features, out_features)
        self.weight, self.bias = start.weight, start.bias

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)
