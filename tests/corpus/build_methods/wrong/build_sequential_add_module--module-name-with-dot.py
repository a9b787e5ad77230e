# fails: constructs
import torch.nn as nn


def build_sequential_add_module(in_dim, n_hidden, out_dim):
    model = nn.Sequential()
    model.add_module("flatten", nn.Flatten())
    model.add_module("linear.1", nn.Linear(in_dim, n_hidden))
    model.add_module("bn1", nn.BatchNorm1d(n_hidden))
    model.add_module("relu1", nn.ReLU())
    model.add_module("out", nn.Linear(n_hidden, out_dim))
    return model
