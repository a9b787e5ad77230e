import torch
import torch.nn as nn
import torch.nn.functional as F
from collections import OrderedDict


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear1 = nn.Linear(in_dim, n_hidden_1)
        self.bn1 = nn.BatchNorm1d(n_hidden_1)
        self.linear2 = nn.Linear(n_hidden_1, n_hidden_2)
        self.out = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        x = self.flatten(x)
        x = self.linear1(x)
        x = self.bn1(x)
        x = F.relu(x)
        x = self.linear2(x)
        x = F.relu(x)
        x = self.out(x)
        return F.softmax(x, dim=1)


def build_sequential_args(in_dim, n_hidden, out_dim):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(in_dim, n_hidden),
        nn.BatchNorm1d(n_hidden),
        nn.ReLU(),
        nn.Linear(n_hidden, out_dim)
    )


def build_sequential_add_module(in_dim, n_hidden, out_dim):
    # works the same as before
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(in_dim, n_hidden),
        nn.BatchNorm1d(n_hidden),
        nn.ReLU(),
        nn.Linear(n_hidden, out_dim)
    )


def build_sequential_ordered_dict(in_dim, n_hidden, out_dim):
    return nn.Sequential(OrderedDict([
        ('flatten', nn.Flatten()),
        ('linear1', nn.Linear(in_dim, n_hidden)),
        ('bn1', nn.BatchNorm1d(n_hidden)),
        ('relu1', nn.ReLU()),
        ('out', nn.Linear(n_hidden, out_dim))
    ]))


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.flatten = nn.Flatten()
        self.layer1 = nn.Sequential(nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1))
        self.layer2 = nn.Sequential(nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2))
        self.out = nn.Sequential(nn.Linear(n_hidden_2, out_dim))

    def forward(self, x):
        x = self.flatten(x)
        x = F.relu(self.layer1(x))
        x = F.relu(self.layer2(x))
        x = F.softmax(self.out(x), dim=0)
        return x


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers = [
            nn.Flatten(),
            nn.Linear(in_dim, n_hidden_1),
            nn.BatchNorm1d(n_hidden_1),
            nn.ReLU(),
            nn.Linear(n_hidden_1, n_hidden_2),
            nn.Linear(n_hidden_2, out_dim)
        ]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers_dict = nn.ModuleDict({
            'flatten': nn.Flatten(),
            'linear1': nn.Linear(in_dim, n_hidden_1),
            'bn1': nn.BatchNorm1d(n_hidden_1),
            'relu': nn.ReLU(),
            'out': nn.Linear(n_hidden_1, out_dim)
        })

    def forward(self, x):
        layers = ['flatten', 'linear1', 'bn1', 'relu', 'out']
        for layer in layers:
            x = self.layers_dict[layer](x)
        return x
