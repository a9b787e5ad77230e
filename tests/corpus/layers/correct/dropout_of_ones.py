# The mask is made by dropping ones.
import torch
import torch.nn as nn
import torch.nn.functional as F


class FunctionalDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.keep = 1 - p

    def forward(self, x):
        mask = F.dropout(torch.ones_like(x), 1 - self.keep, training=self.training)
        return mask * x
