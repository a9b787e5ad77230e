# BatchNorm by hand with the names of the paper, shape (1, n), and buffers that are replaced instead of updated in place.
import torch
import torch.nn as nn


def batch_norm(x, gamma, beta, moving_mean, moving_var, training, eps=1e-5, momentum=0.9):
    if not training:
        return gamma * (x - moving_mean) / torch.sqrt(moving_var + eps) + beta, moving_mean, moving_var
    n = x.shape[0]
    mean = x.mean(dim=0)
    var = ((x - mean) ** 2).mean(dim=0)
    # momentum is here the share of the old value that is kept
    new_mean = momentum * moving_mean + (1.0 - momentum) * mean.detach()
    new_var = momentum * moving_var + (1.0 - momentum) * var.detach() * n / (n - 1)
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta, new_mean, new_var


class BatchNorm(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("moving_mean", torch.zeros(num_features))
        self.register_buffer("moving_var", torch.ones(num_features))

    def forward(self, x):
        y, self.moving_mean, self.moving_var = batch_norm(x, self.gamma, self.beta, self.moving_mean, self.moving_var, self.training)
        return y


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.net = nn.ModuleDict({"hidden": nn.Linear(in_dim, n_hidden_1), "norm": BatchNorm(n_hidden_1), "out": nn.Linear(n_hidden_1, out_dim)})

    def forward(self, x):
        h = self.net["norm"](self.net["hidden"](x.flatten(1)))
        return self.net["out"](torch.relu(h))
