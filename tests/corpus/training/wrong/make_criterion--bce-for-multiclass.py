# fails: behaviour
import torch.nn as nn
import torch.nn.functional as F


def make_criterion(task):
    if task == "classification":
        return lambda out, y: F.binary_cross_entropy_with_logits(out, F.one_hot(y, out.shape[1]).to(out.dtype))
    elif task == "regression":
        return nn.MSELoss()
    else:
        raise ValueError("unknown task: " + str(task))
