# fails: behaviour
import torch
import torch.nn as nn


class FunctionalDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        return x * torch.bernoulli(torch.full_like(x, self.p)) / (1 - self.p)
