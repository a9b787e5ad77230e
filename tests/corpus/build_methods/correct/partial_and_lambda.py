from collections import OrderedDict
from functools import partial

import torch.nn as nn


def _build(activation, in_dim, n_hidden, out_dim):
    return nn.Sequential(nn.Flatten(), nn.Linear(in_dim, n_hidden), nn.BatchNorm1d(n_hidden), activation(), nn.Linear(n_hidden, out_dim))


build_sequential_args = partial(_build, nn.ReLU)

build_sequential_ordered_dict = lambda in_dim, n_hidden, out_dim: nn.Sequential(OrderedDict(
    flatten=nn.Flatten(), linear1=nn.Linear(in_dim, n_hidden), bn1=nn.BatchNorm1d(n_hidden), relu1=nn.ReLU(), out=nn.Linear(n_hidden, out_dim)))
