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
        return x + self.p * torch.randn_like(x)
