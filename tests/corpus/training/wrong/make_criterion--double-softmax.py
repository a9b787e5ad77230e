# fails: behaviour
import torch
import torch.nn as nn


def make_criterion(task):
    if task == "classification":
        return lambda out, y: nn.CrossEntropyLoss()(torch.softmax(out, dim=1), y)
    elif task == "regression":
        return nn.MSELoss()
    else:
        raise ValueError("unknown task: " + str(task))
