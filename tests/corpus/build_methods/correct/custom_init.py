# The starting weights are free.
import torch.nn as nn
import torch.nn.functional as F


def initialise(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.constant_(module.bias, 0.01)
    elif isinstance(module, nn.BatchNorm1d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        module.bias.data.zero_()


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.linear1 = nn.Linear(in_dim, n_hidden_1)
        self.bn1 = nn.BatchNorm1d(n_hidden_1)
        self.linear2 = nn.Linear(n_hidden_1, n_hidden_2)
        self.bn2 = nn.BatchNorm1d(n_hidden_2)
        self.out = nn.Linear(n_hidden_2, out_dim)
        self.apply(initialise)
        nn.init.orthogonal_(self.out.weight)

    def forward(self, x):
        x = F.relu(self.bn1(self.linear1(x.flatten(1))))
        x = F.relu(self.bn2(self.linear2(x)))
        return F.softmax(self.out(x), dim=1)


def build_sequential_add_module(in_dim, n_hidden, out_dim):
    net = nn.Sequential()
    net.add_module("flatten", nn.Flatten())
    net.add_module("linear1", nn.Linear(in_dim, n_hidden))
    net.add_module("bn1", nn.BatchNorm1d(n_hidden))
    net.add_module("relu1", nn.ReLU())
    net.add_module("out", nn.Linear(n_hidden, out_dim))
    nn.init.xavier_uniform_(net.linear1.weight)
    nn.init.zeros_(net.out.weight)
    return net
