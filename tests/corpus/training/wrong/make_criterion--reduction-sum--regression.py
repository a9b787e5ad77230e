# fails: behaviour
import torch.nn as nn


def make_criterion(task):
    if task == "classification":
        return nn.CrossEntropyLoss()
    elif task == "regression":
        return nn.MSELoss(reduction="sum")
    else:
        raise ValueError("unknown task: " + str(task))
