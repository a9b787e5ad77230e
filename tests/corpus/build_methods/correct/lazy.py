# Lazy modules find out their input size when they see the first batch.
import torch
from torch import nn


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear1 = nn.LazyLinear(n_hidden_1)
        self.bn1 = nn.LazyBatchNorm1d()
        self.linear2 = nn.LazyLinear(n_hidden_2)
        self.bn2 = nn.LazyBatchNorm1d()
        self.out = nn.LazyLinear(out_dim)

    def forward(self, x):
        x = torch.relu(self.bn1(self.linear1(self.flatten(x))))
        x = torch.relu(self.bn2(self.linear2(x)))
        return torch.softmax(self.out(x), 1)


def build_sequential_args(in_dim, n_hidden, out_dim):
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(n_hidden), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(out_dim))


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers = nn.ModuleList([nn.Flatten(), nn.LazyLinear(n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.ReLU(),
                                     nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
