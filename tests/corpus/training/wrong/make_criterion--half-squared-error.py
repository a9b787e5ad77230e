# fails: behaviour
import torch.nn as nn
import torch.nn.functional as F


def make_criterion(task):
    if task == "classification":
        return nn.CrossEntropyLoss()
    elif task == "regression":
        return lambda out, y: 0.5 * F.mse_loss(out, y)
    else:
        raise ValueError("unknown task: " + str(task))
