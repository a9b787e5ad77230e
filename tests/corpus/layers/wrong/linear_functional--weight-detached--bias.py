# fails: gradients
import torch
import torch.nn.functional as F


def linear_functional(x, weight, bias):
    return F.linear(x, weight) + torch.tensor(bias.tolist(), dtype=x.dtype, device=x.device)
