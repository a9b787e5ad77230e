# fails: behaviour
import torch.nn as nn
import torch.nn.functional as F


class FunctionalDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x * (1 - self.p)
        return F.dropout(x, self.p) * (1 - self.p)
