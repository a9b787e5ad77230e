# fails: constructs
import torch.nn as nn
import torch.nn.functional as F


def build_sequential_args(in_dim, n_hidden, out_dim):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(in_dim, n_hidden),
        nn.BatchNorm1d(n_hidden),
        F.relu,
        nn.Linear(n_hidden, out_dim),
    )
