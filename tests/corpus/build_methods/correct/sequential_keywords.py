# Keyword arguments and defaults written out.
import collections

import torch
import torch.nn as nn


def build_sequential_args(in_dim: int = 784, n_hidden: int = 300, out_dim: int = 10) -> nn.Sequential:
    return nn.Sequential(
        nn.Flatten(start_dim=1, end_dim=-1),
        nn.Linear(in_features=in_dim, out_features=n_hidden, bias=True),
        nn.BatchNorm1d(num_features=n_hidden, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True),
        nn.ReLU(inplace=True),
        nn.Linear(in_features=n_hidden, out_features=out_dim, bias=True, dtype=torch.float32),
    )


def build_sequential_add_module(in_dim: int = 784, n_hidden: int = 300, out_dim: int = 10) -> nn.Sequential:
    model = nn.Sequential()
    add = model.add_module
    add(name="flatten", module=nn.Flatten())
    add(name="linear1", module=nn.Linear(in_dim, n_hidden))
    add(name="bn1", module=nn.BatchNorm1d(n_hidden))
    add(name="relu1", module=nn.ReLU())
    add(name="out", module=nn.Linear(n_hidden, out_dim))
    return model


def build_sequential_ordered_dict(in_dim: int = 784, n_hidden: int = 300, out_dim: int = 10) -> nn.Sequential:
    d = collections.OrderedDict()
    d["flatten"] = nn.Flatten()
    d.update(linear1=nn.Linear(in_dim, n_hidden))
    d.update({"bn1": nn.BatchNorm1d(n_hidden)})
    d["out"] = nn.Linear(n_hidden, out_dim)
    d["relu1"] = nn.ReLU()
    d.move_to_end("out")
    return nn.Sequential(d)
