# fails: behaviour
import torch.optim as optim


def make_optimizer(model, name, lr):
    parameters = model.parameters()
    print(sum(p.numel() for p in parameters))
    if name == "sgd":
        return optim.SGD(parameters, lr=lr)
    elif name == "adam":
        return optim.Adam(parameters, lr=lr)
    else:
        raise ValueError("unknown optimizer: " + str(name))
