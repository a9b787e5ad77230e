# fails: method
import torch.nn as nn


def Model_Seq(in_dim, n_hidden_1, n_hidden_2, out_dim):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(in_dim, n_hidden_1),
        nn.BatchNorm1d(n_hidden_1),
        nn.ReLU(),
        nn.Linear(n_hidden_1, n_hidden_2),
        nn.BatchNorm1d(n_hidden_2),
        nn.ReLU(),
        nn.Linear(n_hidden_2, out_dim),
        nn.Softmax(dim=1),
    )
