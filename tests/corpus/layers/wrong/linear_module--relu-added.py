# fails: forward
import torch.nn as nn


def linear_module(in_features, out_features):
    return nn.Sequential(nn.Linear(in_features, out_features), nn.ReLU())
