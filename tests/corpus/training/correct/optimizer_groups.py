# Weights and biases in a group each, with the same settings.
from torch import optim


def make_optimizer(model, name, lr):
    weights = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": weights}, {"params": others}]
    if name == "sgd":
        return optim.SGD(groups, lr=lr, foreach=False)
    elif name == "adam":
        return optim.Adam(groups, lr=lr, foreach=False)
    raise ValueError()
