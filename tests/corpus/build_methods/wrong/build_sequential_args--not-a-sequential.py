# fails: method
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, in_dim, n_hidden, out_dim):
        super().__init__()
        self.linear1 = nn.Linear(in_dim, n_hidden)
        self.bn1 = nn.BatchNorm1d(n_hidden)
        self.out = nn.Linear(n_hidden, out_dim)

    def forward(self, x):
        return self.out(F.relu(self.bn1(self.linear1(x.flatten(1)))))


def build_sequential_args(in_dim, n_hidden, out_dim):
    return Net(in_dim, n_hidden, out_dim)
