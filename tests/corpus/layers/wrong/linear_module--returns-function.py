# fails: constructs
import torch.nn as nn


def linear_module(in_features, out_features):
    layer = nn.Linear(in_features, out_features)
    return lambda x: layer(x)
