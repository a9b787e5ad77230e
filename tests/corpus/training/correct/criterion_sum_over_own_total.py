import torch.nn.functional as F


def _cross_entropy(outputs, targets):
    return F.cross_entropy(outputs, targets, reduction="sum") / targets.shape[0]


def _squared(outputs, targets):
    return F.mse_loss(outputs, targets, reduction="sum") / targets.numel()


def make_criterion(task):
    if task not in ("classification", "regression"):
        raise ValueError("task must be 'classification' or 'regression'")
    return _cross_entropy if task == "classification" else _squared
