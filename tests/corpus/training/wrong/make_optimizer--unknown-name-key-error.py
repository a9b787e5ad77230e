# fails: behaviour
import torch.optim as optim


def make_optimizer(model, name, lr):
    return {"sgd": optim.SGD, "adam": optim.Adam}[name](model.parameters(), lr=lr)
