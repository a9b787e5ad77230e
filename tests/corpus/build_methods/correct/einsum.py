import torch
import torch.nn as nn


class EinLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(o, i) * 0.03)
        self.offset = nn.Parameter(torch.randn(o) * 0.03)

    def forward(self, x):
        return torch.einsum("ni,oi->no", x, self.kernel) + self.offset


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.e1, self.e2, self.e3 = EinLinear(in_dim, n_hidden_1), EinLinear(n_hidden_1, n_hidden_2), EinLinear(n_hidden_2, out_dim)
        self.g1, self.g2 = nn.BatchNorm1d(n_hidden_1), nn.BatchNorm1d(n_hidden_2)

    def forward(self, x):
        x = x.flatten(1)
        x = torch.relu(self.g1(self.e1(x)))
        x = torch.relu(self.g2(self.e2(x)))
        return torch.softmax(self.e3(x), dim=-1)


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.a = nn.Sequential(EinLinear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1))
        self.b = nn.Sequential(EinLinear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2))
        self.c = nn.Sequential(EinLinear(n_hidden_2, out_dim))

    def forward(self, x):
        return torch.softmax(self.c(torch.relu(self.b(torch.relu(self.a(x.flatten(1)))))), dim=-1)
