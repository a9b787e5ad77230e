# Flatten in four other spellings, one of them copying.
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.in_dim = in_dim
        self.linear1, self.bn1 = nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1)
        self.linear2, self.bn2 = nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2)
        self.out = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        x = x.contiguous().view(-1, self.in_dim)
        x = F.relu(self.bn1(self.linear1(x)))
        x = F.relu(self.bn2(self.linear2(x)))
        return F.softmax(self.out(x), 1)


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1))
        self.layer2 = nn.Sequential(nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2))
        self.layer3 = nn.Sequential(nn.Linear(n_hidden_2, out_dim))

    def forward(self, x):
        x = x.reshape(len(x), math.prod(x.shape[1:]))
        return F.softmax(self.layer3(F.relu(self.layer2(F.relu(self.layer1(x))))), -1)


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.ReLU(),
                                     nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)])

    def forward(self, x):
        x = torch.stack([image.reshape(-1) for image in x])
        for layer in self.layers:
            x = layer(x)
        return x


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers = nn.ModuleDict([["linear", nn.Linear(in_dim, n_hidden_1)], ["bn", nn.BatchNorm1d(n_hidden_1)],
                                     ["relu", nn.ReLU()], ["out", nn.Linear(n_hidden_1, out_dim)]])

    def forward(self, x):
        x = x.clone().flatten(start_dim=1, end_dim=-1)
        for layer in self.layers.values():
            x = layer(x)
        return x
