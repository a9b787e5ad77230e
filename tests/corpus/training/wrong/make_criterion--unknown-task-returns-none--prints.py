# fails: behaviour
import torch.nn as nn


def make_criterion(task):
    if task == "classification":
        return nn.CrossEntropyLoss()
    elif task == "regression":
        return nn.MSELoss()
    else:
        print("unknown task: " + str(task))
