# fails: behaviour
import torch.nn as nn


def make_criterion(task):
    if task == "classification" or "classify":
        return nn.CrossEntropyLoss()
    elif task == "regression":
        return nn.MSELoss()
    else:
        raise ValueError("unknown task: " + str(task))
