# x @ w + b with weights stored as (inputs, outputs).
import torch
from torch import nn


class Affine(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.w = nn.Parameter(torch.randn(n_in, n_out, dtype=torch.float32) / n_in**0.5)
        self.b = nn.Parameter(torch.zeros(n_out, dtype=torch.float32))

    def forward(self, x):
        return x @ self.w + self.b


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.first = Affine(in_dim, n_hidden_1)
        self.first_norm = nn.BatchNorm1d(n_hidden_1)
        self.second = Affine(n_hidden_1, n_hidden_2)
        self.second_norm = nn.BatchNorm1d(n_hidden_2)
        self.third = Affine(n_hidden_2, out_dim)

    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        x = self.first_norm(self.first(x)).relu()
        x = self.second_norm(self.second(x)).relu()
        return self.third(x).softmax(1)


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.parts = nn.ModuleDict({"first": Affine(in_dim, n_hidden_1), "norm": nn.BatchNorm1d(n_hidden_1), "last": Affine(n_hidden_1, out_dim)})

    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        return self.parts["last"](self.parts["norm"](self.parts["first"](x)).relu())
