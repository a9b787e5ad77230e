import torch
import torch.nn as nn


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        sizes = [in_dim, n_hidden_1, n_hidden_2, out_dim]
        self.weights = nn.ParameterList(nn.Parameter(torch.randn(o, i) * 0.05) for i, o in zip(sizes, sizes[1:]))
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(o)) for o in sizes[1:])
        self.norms = nn.ModuleList(nn.BatchNorm1d(o) for o in sizes[1:3])

    def forward(self, x):
        x = x.flatten(1)
        for weight, bias, norm in zip(self.weights, self.biases, self.norms):
            x = torch.relu(norm(torch.addmm(bias, x, weight.t())))
        return torch.softmax(torch.addmm(self.biases[2], x, self.weights[2].t()), 1)
