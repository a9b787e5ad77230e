from torch import nn


def linear_module(in_features, out_features):
    layer = nn.Linear(in_features=in_features, out_features=out_features, bias=True)
    nn.init.orthogonal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return nn.Sequential(layer)
