import torch.nn as nn
import torch.nn.functional as F


class FunctionalLinear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.inner = nn.Linear(in_features, out_features)

    def forward(self, x):
        return F.linear(x, self.inner.weight, self.inner.bias)
