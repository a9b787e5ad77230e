# fails: parameters
import torch.nn as nn


def build_sequential_args(in_dim, n_hidden, out_dim):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(n_hidden, in_dim),
        nn.BatchNorm1d(n_hidden),
        nn.ReLU(),
        nn.Linear(n_hidden, out_dim),
    )
