import torch
import torch.nn as nn
import torch.nn.functional as F


class LogitsLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_softmax = nn.LogSoftmax(dim=1)
        self.nll = nn.NLLLoss()

    def forward(self, logits, targets):
        return self.nll(self.log_softmax(logits), targets)


def make_criterion(task):
    known = {
        "classification": LogitsLoss(),
        "regression": lambda outputs, targets: (outputs - targets).pow(2).mean(),
    }
    if task in known:
        return known[task]
    raise ValueError(f"{task=}")
