# Sequential, ModuleList and ModuleDict by way of small subclasses and other ways of filling.
import torch
import torch.nn as nn


class Dense(nn.Sequential):
    """A Sequential that knows what to put in."""

    def __init__(self, n_in, n_out):
        super().__init__(nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out))


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.hidden = nn.ModuleList([Dense(in_dim, n_hidden_1), Dense(n_hidden_1, n_hidden_2)])
        self.out = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return torch.softmax(self.out(x), dim=1)


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.add_module("layers", nn.ModuleList())
        for layer in (nn.Flatten(), Dense(in_dim, n_hidden_1), nn.ReLU(), nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)):
            self.layers.append(layer)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        setattr(self, "table", nn.ModuleDict())
        for key, layer in [("0", nn.Flatten()), ("1", Dense(in_dim, n_hidden_1)), ("2", nn.ReLU()), ("3", nn.Linear(n_hidden_1, out_dim))]:
            self.table[key] = layer

    def forward(self, x):
        for key in sorted(self.table.keys()):
            x = self.table[key](x)
        return x


def build_sequential_add_module(in_dim, n_hidden, out_dim):
    model = nn.Sequential()
    layers = {"flatten": nn.Flatten(), "linear1": nn.Linear(in_dim, n_hidden), "bn1": nn.BatchNorm1d(n_hidden), "relu1": nn.ReLU(),
              "out": nn.Linear(n_hidden, out_dim)}
    [model.add_module(*pair) for pair in layers.items()]
    return model
