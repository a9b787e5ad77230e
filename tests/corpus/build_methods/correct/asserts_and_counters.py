# Asserts on shapes, extra attributes, extra buffers, counters, placeholders.
import torch
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.sizes = (in_dim, n_hidden_1, n_hidden_2, out_dim)
        self.calls = 0
        self.history = []
        self.register_buffer("seen", torch.zeros(1, dtype=torch.long), persistent=False)
        self.register_buffer("class_weights", torch.ones(out_dim))
        self.linear1 = nn.Linear(in_dim, n_hidden_1)
        self.bn1 = nn.BatchNorm1d(n_hidden_1)
        self.nothing = nn.Identity()
        self.drop = nn.Dropout(p=0)
        self.linear2 = nn.Linear(n_hidden_1, n_hidden_2)
        self.bn2 = nn.BatchNorm1d(n_hidden_2)
        self.out = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        self.calls += 1
        x = x.flatten(1)
        assert x.shape[1] == self.sizes[0], x.shape
        x = self.drop(F.relu(self.bn1(self.linear1(x))))
        x = self.nothing(F.relu(self.bn2(self.linear2(x))))
        assert x.shape[1:] == (self.sizes[2],)
        self.history.append(tuple(x.shape))
        return F.softmax(self.out(x), dim=1)


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.a = nn.Sequential(nn.Flatten(), nn.Identity(), nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.ReLU(), nn.Dropout(0.0))
        self.b = nn.Sequential(nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2), nn.ReLU(), nn.Sequential())
        self.c = nn.Sequential(nn.Linear(n_hidden_2, out_dim), nn.Softmax(dim=1), nn.Identity())

    def forward(self, x):
        n = x.shape[0]
        x = self.c(self.b(self.a(x)))
        assert x.shape[0] == n
        return x
