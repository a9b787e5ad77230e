# fails: forward
import torch.nn.functional as F


def linear_functional(x, weight, bias):
    return F.linear(x, weight) - bias
