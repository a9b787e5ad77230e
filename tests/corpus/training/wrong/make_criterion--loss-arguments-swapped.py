# fails: behaviour
import torch.nn as nn
import torch.nn.functional as F


def make_criterion(task):
    if task == "classification":
        return lambda out, y: F.cross_entropy(y, out)
    elif task == "regression":
        return nn.MSELoss()
    else:
        raise ValueError("unknown task: " + str(task))
