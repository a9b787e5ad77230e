# fails: behaviour
import torch.optim as optim


def make_optimizer(model, name, lr):
    if name == "sgd":
        return optim.SGD(list(model.children())[-1].parameters(), lr=lr)
    elif name == "adam":
        return optim.Adam(model.parameters(), lr=lr)
    else:
        raise ValueError("unknown optimizer: " + str(name))
