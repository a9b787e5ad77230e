# fails: parameters
import torch.nn as nn


def linear_module(in_features, out_features):
    layer = nn.Linear(in_features, out_features)
    layer.weight.requires_grad = False
    return layer
