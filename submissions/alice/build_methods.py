# Homework: building models.   Alice
from collections import OrderedDict

import torch
from torch import nn


class Model_Seq(nn.Module):
    """My first real module :)"""

    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.fc1 = nn.Linear(in_dim, n_hidden_1)
        self.norm1 = nn.BatchNorm1d(n_hidden_1)
        self.fc2 = nn.Linear(n_hidden_1, n_hidden_2)
        self.norm2 = nn.BatchNorm1d(n_hidden_2)
        self.fc3 = nn.Linear(n_hidden_2, out_dim)
        self.act = nn.ReLU()
        self.softmax = nn.Softmax(dim=1)  # dim 0 would be the batch

    def forward(self, images):
        h = images.view(images.size(0), -1)
        h = self.act(self.norm1(self.fc1(h)))
        h = self.act(self.norm2(self.fc2(h)))
        return self.softmax(self.fc3(h))


def build_sequential_args(in_dim, n_hidden, out_dim):
    return nn.Sequential(nn.Flatten(), nn.Linear(in_dim, n_hidden), nn.BatchNorm1d(n_hidden), nn.ReLU(), nn.Linear(n_hidden, out_dim))


def build_sequential_add_module(in_dim, n_hidden, out_dim):
    net = nn.Sequential()
    net.add_module("flatten", nn.Flatten())
    net.add_module("linear1", nn.Linear(in_dim, n_hidden))
    net.add_module("bn1", nn.BatchNorm1d(n_hidden))
    net.add_module("relu1", nn.ReLU())
    net.add_module("out", nn.Linear(n_hidden, out_dim))
    return net


def build_sequential_ordered_dict(in_dim, n_hidden, out_dim):
    layers = OrderedDict()
    layers["flatten"] = nn.Flatten()
    layers["linear1"] = nn.Linear(in_dim, n_hidden)
    layers["bn1"] = nn.BatchNorm1d(n_hidden)
    layers["relu1"] = nn.ReLU()
    layers["out"] = nn.Linear(n_hidden, out_dim)
    return nn.Sequential(layers)


def hidden(n_in, n_out):
    # linear + bn, the pair that comes twice
    return nn.Sequential(nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out))


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layer1 = hidden(in_dim, n_hidden_1)
        self.layer2 = hidden(n_hidden_1, n_hidden_2)
        self.layer3 = nn.Sequential(nn.Linear(n_hidden_2, out_dim))

    def forward(self, x):
        x = torch.flatten(x, 1)
        x = torch.relu(self.layer1(x))
        x = torch.relu(self.layer2(x))
        return torch.softmax(self.layer3(x), dim=1)


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.steps = nn.ModuleList()
        self.steps.append(nn.Flatten())
        self.steps.append(nn.Linear(in_dim, n_hidden_1))
        self.steps.append(nn.BatchNorm1d(n_hidden_1))
        self.steps.append(nn.ReLU())
        self.steps.append(nn.Linear(n_hidden_1, n_hidden_2))
        self.steps.append(nn.Linear(n_hidden_2, out_dim))

    def forward(self, x):
        for step in self.steps:
            x = step(x)
        return x


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        # n_hidden_2 is not used here
        self.parts = nn.ModuleDict({
            "linear1": nn.Linear(in_dim, n_hidden_1),
            "bn1": nn.BatchNorm1d(n_hidden_1),
            "relu": nn.ReLU(),
            "out": nn.Linear(n_hidden_1, out_dim),
        })

    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        for name in ("linear1", "bn1", "relu", "out"):
            x = self.parts[name](x)
        return x


def count(model):
    return sum(p.numel() for p in model.parameters())


print("Model_Seq", count(Model_Seq(784, 300, 100, 10)), "should be 267410")
print("Model_Lst", count(Model_Lst(784, 300, 100, 10)), "should be 267210")

if __name__ == "__main__":
    x = torch.randn(4, 1, 28, 28)
    print(Model_Lay(784, 300, 100, 10)(x).sum(dim=1))
