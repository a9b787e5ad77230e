# fails: behaviour
import torch.optim as optim


def make_optimizer(model, name, lr):
    if name == "sgd":
        optimizer = optim.SGD(model.parameters(), lr=lr)
    elif name == "adam":
        optimizer = optim.Adam(model.parameters(), lr=lr)
    else:
        raise ValueError("unknown optimizer: " + str(name))
