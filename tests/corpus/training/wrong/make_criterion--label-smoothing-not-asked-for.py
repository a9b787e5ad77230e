# fails: behaviour
import torch.nn as nn


def make_criterion(task):
    if task == "classification":
        return nn.CrossEntropyLoss(label_smoothing=0.1)
    elif task == "regression":
        return nn.MSELoss()
    else:
        raise ValueError("unknown task: " + str(task))
