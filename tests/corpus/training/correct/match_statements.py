import torch
from torch import nn


class UnknownName(ValueError):
    """A name that is not one of ours."""


def make_criterion(task: str) -> nn.Module:
    match task:
        case "classification":
            return nn.CrossEntropyLoss(reduction="mean")
        case "regression":
            return nn.MSELoss(reduction="mean")
        case other:
            raise UnknownName(other)


def make_optimizer(model: nn.Module, name: str, lr: float) -> torch.optim.Optimizer:
    match name:
        case "sgd":
            return torch.optim.SGD(model.parameters(), lr)
        case "adam":
            return torch.optim.Adam(model.parameters(), lr)
        case _:
            raise UnknownName(name)
