# fails: behaviour
import torch.nn as nn


def make_criterion(task):
    losses = {"classification": nn.CrossEntropyLoss(), "regression": nn.MSELoss()}
    return losses[task]
