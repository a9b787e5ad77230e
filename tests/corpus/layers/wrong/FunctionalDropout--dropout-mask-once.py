# fails: behaviour
import torch
import torch.nn as nn
import torch.nn.functional as F


class FunctionalDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p
        self.mask = None

    def forward(self, x):
        if not self.training:
            return x
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = F.dropout(torch.ones_like(x), self.p)
        return x * self.mask
