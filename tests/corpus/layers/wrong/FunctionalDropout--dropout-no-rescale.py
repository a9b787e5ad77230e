# fails: behaviour
import torch
import torch.nn as nn
import torch.nn.functional as F


class FunctionalDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        return x * F.dropout(torch.ones_like(x), self.p).ne(0)
