# fails: behaviour
import torch.nn as nn


def make_criterion(task):
    if task == "classification":
        return nn.NLLLoss()
    elif task == "regression":
        return nn.MSELoss()
    else:
        raise ValueError("unknown task: " + str(task))
