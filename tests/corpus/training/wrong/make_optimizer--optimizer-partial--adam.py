# fails: behaviour
import torch.optim as optim


def make_optimizer(model, name, lr):
    if name == "sgd":
        return optim.SGD(model.parameters(), lr=lr)
    elif name == "adam":
        return optim.Adam(list(model.parameters())[:2], lr=lr)
    else:
        raise ValueError("unknown optimizer: " + str(name))
