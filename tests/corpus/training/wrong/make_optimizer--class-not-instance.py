# fails: behaviour
import torch.optim as optim


def make_optimizer(model, name, lr):
    if name == "sgd":
        return optim.SGD
    elif name == "adam":
        return optim.Adam
    else:
        raise ValueError("unknown optimizer: " + str(name))
