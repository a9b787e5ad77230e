# fails: forward
import torch.nn as nn


def linear_functional(x, weight, bias):
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    return layer(x)
