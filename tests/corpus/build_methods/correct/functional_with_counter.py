# Small modules written with torch.nn.functional; the norm counts its steps as the original does.
import torch
import torch.nn as nn
import torch.nn.functional as fn


class Dense(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.register_parameter("weight", nn.Parameter(torch.empty(n_out, n_in)))
        self.register_parameter("bias", nn.Parameter(torch.empty(n_out)))
        nn.init.xavier_uniform_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x):
        return fn.linear(x, self.weight, self.bias)


class Norm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
        self.bias = nn.Parameter(torch.zeros(n))
        self.register_buffer("running_mean", torch.zeros(n))
        self.register_buffer("running_var", torch.ones(n))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.num_batches_tracked += 1
        return fn.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training, 0.1, 1e-5)


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.d1, self.n1 = Dense(in_dim, n_hidden_1), Norm(n_hidden_1)
        self.d2, self.n2 = Dense(n_hidden_1, n_hidden_2), Norm(n_hidden_2)
        self.d3 = Dense(n_hidden_2, out_dim)

    def forward(self, x):
        x = fn.relu(self.n1(self.d1(x.flatten(1))))
        x = fn.relu(self.n2(self.d2(x)))
        return fn.softmax(self.d3(x), dim=1)


def build_sequential_args(in_dim, n_hidden, out_dim):
    return nn.Sequential(nn.Flatten(), Dense(in_dim, n_hidden), Norm(n_hidden), nn.ReLU(), Dense(n_hidden, out_dim))


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.parts = nn.ModuleList([Dense(in_dim, n_hidden_1), Norm(n_hidden_1), Dense(n_hidden_1, n_hidden_2), Dense(n_hidden_2, out_dim)])

    def forward(self, x):
        first, norm, second, third = self.parts
        return third(second(fn.relu(norm(first(x.flatten(1))))))
