# fails: behaviour
import torch.nn as nn
import torch.nn.functional as F


def make_criterion(task):
    if task == "classification":
        return lambda out, y: F.nll_loss(F.log_softmax(out, dim=0), y)
    elif task == "regression":
        return nn.MSELoss()
    else:
        raise ValueError("unknown task: " + str(task))
