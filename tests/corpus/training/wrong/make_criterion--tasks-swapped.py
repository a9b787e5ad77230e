# fails: behaviour
import torch.nn as nn


def make_criterion(task):
    if task == "regression":
        return nn.CrossEntropyLoss()
    elif task == "classification":
        return nn.MSELoss()
    else:
        raise ValueError("unknown task: " + str(task))
