# fails: behaviour
import torch.optim as optim


def make_optimizer(model, name, lr):
    if name == "SGD":
        return optim.SGD(model.parameters(), lr=lr)
    elif name == "Adam":
        return optim.Adam(model.parameters(), lr=lr)
    else:
        raise ValueError("unknown optimizer: " + str(name))
