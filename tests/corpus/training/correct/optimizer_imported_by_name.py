from torch.optim import SGD, Adam


def make_optimizer(model, name, lr):
    known = {"sgd": SGD, "adam": Adam}
    if name not in known:
        raise ValueError(name)
    return known[name](model.parameters(), lr=lr)
