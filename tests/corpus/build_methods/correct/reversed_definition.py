# Layers are defined from the last to the first.
import torch
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.out = nn.Linear(n_hidden_2, out_dim)
        self.bn2 = nn.BatchNorm1d(n_hidden_2)
        self.linear2 = nn.Linear(n_hidden_1, n_hidden_2)
        self.bn1 = nn.BatchNorm1d(n_hidden_1)
        self.linear1 = nn.Linear(in_dim, n_hidden_1)
        self.flatten = nn.Flatten()

    def forward(self, x):
        x = self.flatten(x)
        x = F.relu(self.bn1(self.linear1(x)))
        x = F.relu(self.bn2(self.linear2(x)))
        return F.softmax(self.out(x), dim=1)


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.c = nn.Sequential(nn.Linear(n_hidden_2, out_dim), nn.Softmax(1))
        self.b = nn.Sequential(nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2), nn.ReLU())
        self.a = nn.Sequential(nn.Flatten(), nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.ReLU())

    def forward(self, x):
        return self.c(self.b(self.a(x)))


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.stack = nn.ModuleList([
            nn.Linear(n_hidden_2, out_dim), nn.Linear(n_hidden_1, n_hidden_2),
            nn.BatchNorm1d(n_hidden_1), nn.Linear(in_dim, n_hidden_1),
        ])

    def forward(self, x):
        x = x.flatten(1)
        for i in (3, 2):
            x = self.stack[i](x)
        x = torch.relu(x)
        return self.stack[0](self.stack[1](x))


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.d = nn.ModuleDict()
        self.d["last"] = nn.Linear(n_hidden_1, out_dim)
        self.d["norm"] = nn.BatchNorm1d(n_hidden_1)
        self.d["first"] = nn.Linear(in_dim, n_hidden_1)

    def forward(self, x):
        d = self.d
        return d["last"](F.relu(d["norm"](d["first"](x.flatten(1)))))
