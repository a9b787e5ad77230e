# fails: behaviour
import torch.optim as optim


def make_optimizer(model, name, lr):
    cls = getattr(optim, {"sgd": "SGD", "adam": "Adam"}.get(name, name))
    return cls(model.parameters(), lr=lr)
