# fails: forward
from collections import OrderedDict

import torch.nn as nn


def build_sequential_ordered_dict(in_dim, n_hidden, out_dim):
    return nn.Sequential(OrderedDict([
        ("flatten", nn.Flatten()),
        ("linear1", nn.Linear(in_dim, n_hidden)),
        ("bn1", nn.BatchNorm1d(n_hidden, eps=1e-3)),
        ("relu1", nn.ReLU()),
        ("out", nn.Linear(n_hidden, out_dim)),
    ]))
