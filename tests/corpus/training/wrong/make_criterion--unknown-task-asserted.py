# fails: behaviour
import torch.nn as nn


def make_criterion(task):
    assert task in ("classification", "regression"), task
    if task == "classification":
        return nn.CrossEntropyLoss()
    elif task == "regression":
        return nn.MSELoss()
    else:
        raise ValueError("unknown task: " + str(task))
