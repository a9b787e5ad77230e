# fails: constructs
import torch
import torch.nn as nn


def linear_module(in_features, out_features):
    x = torch.randn(1, in_features)
    return nn.Linear(in_features, out_features)(x)
