# fails: gradients
import torch
import torch.nn.functional as F


def linear_functional(x, weight, bias):
    with torch.no_grad():
        return F.linear(x, weight, bias)
