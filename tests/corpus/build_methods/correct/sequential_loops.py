# The three Sequentials, each filled by a loop.
from collections import OrderedDict

import torch.nn as nn

NAMES = ["flatten", "linear1", "bn1", "relu1", "out"]


def parts(in_dim, n_hidden, out_dim):
    yield nn.Flatten()
    yield nn.Linear(in_dim, n_hidden)
    yield nn.BatchNorm1d(n_hidden)
    yield nn.ReLU()
    yield nn.Linear(n_hidden, out_dim)


def build_sequential_args(in_dim, n_hidden, out_dim):
    return nn.Sequential(*parts(in_dim, n_hidden, out_dim))


def build_sequential_add_module(in_dim, n_hidden, out_dim):
    model = nn.Sequential()
    for name, part in zip(NAMES, parts(in_dim, n_hidden, out_dim)):
        model.add_module(name, part)
    return model


def build_sequential_ordered_dict(in_dim, n_hidden, out_dim):
    return nn.Sequential(OrderedDict(zip(NAMES, parts(in_dim, n_hidden, out_dim))))
