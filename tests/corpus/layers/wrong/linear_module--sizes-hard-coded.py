# fails: parameters
import torch.nn as nn


def linear_module(in_features, out_features):
    return nn.Linear(784, 10)
