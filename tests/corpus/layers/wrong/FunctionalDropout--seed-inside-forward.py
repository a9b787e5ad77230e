# fails: behaviour
import torch
import torch.nn as nn
import torch.nn.functional as F


class FunctionalDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        torch.manual_seed(0)
        return F.dropout(x, p=self.p, training=self.training)
