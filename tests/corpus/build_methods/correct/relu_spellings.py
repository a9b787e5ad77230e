# ReLU in four other spellings.
import torch
import torch.nn as nn


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.linear1 = nn.Linear(in_dim, n_hidden_1)
        self.bn1 = nn.BatchNorm1d(n_hidden_1)
        self.linear2 = nn.Linear(n_hidden_1, n_hidden_2)
        self.bn2 = nn.BatchNorm1d(n_hidden_2)
        self.out = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        x = self.bn1(self.linear1(x.flatten(1))).clamp(min=0)
        x = torch.clamp(self.bn2(self.linear2(x)), min=0)
        return torch.softmax(self.out(x), dim=1)


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.one = nn.Sequential(nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1))
        self.two = nn.Sequential(nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2))
        self.three = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        x = self.one(x.flatten(1))
        x = torch.maximum(x, torch.zeros_like(x))
        x = self.two(x)
        x = torch.where(x > 0, x, torch.zeros_like(x))
        return torch.softmax(self.three(x), dim=1)


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.m = nn.ModuleList([nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.Linear(n_hidden_1, n_hidden_2),
                                nn.Linear(n_hidden_2, out_dim)])

    def forward(self, x):
        x = self.m[1](self.m[0](x.flatten(1)))
        x = x * (x > 0)
        return self.m[3](self.m[2](x))


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.m = nn.ModuleDict({"a": nn.Linear(in_dim, n_hidden_1), "b": nn.BatchNorm1d(n_hidden_1), "c": nn.Linear(n_hidden_1, out_dim)})

    def forward(self, x):
        x = self.m["b"](self.m["a"](x.flatten(1)))
        x.relu_()
        return self.m["c"](x)
