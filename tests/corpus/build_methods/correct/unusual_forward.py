# forward with *args, with other names, with extra options, and decorated.
import functools
from collections import OrderedDict

import torch
import torch.nn as nn


def logged(forward):
    @functools.wraps(forward)
    def wrapper(self, *args, **kwargs):
        result = forward(self, *args, **kwargs)
        self.last_shape = tuple(result.shape)
        return result

    return wrapper


class Logged:
    """Decorator as an object with __call__."""

    def __init__(self, function):
        self.function = function

    def __get__(self, owner, kind=None):
        return functools.partial(self.__call__, owner)

    def __call__(self, owner, *args):
        return self.function(owner, *args)


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.linear1, self.bn1 = nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1)
        self.linear2, self.bn2 = nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2)
        self.out = nn.Linear(n_hidden_2, out_dim)

    @logged
    def forward(self, *args):
        (x,) = args
        x = torch.relu(self.bn1(self.linear1(x.flatten(1))))
        x = torch.relu(self.bn2(self.linear2(x)))
        return torch.softmax(self.out(x), 1)


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.l1 = nn.Sequential(OrderedDict(linear=nn.Linear(in_dim, n_hidden_1), bn=nn.BatchNorm1d(n_hidden_1)))
        self.l2 = nn.Sequential(OrderedDict(linear=nn.Linear(n_hidden_1, n_hidden_2), bn=nn.BatchNorm1d(n_hidden_2)))
        self.l3 = nn.Sequential(OrderedDict(linear=nn.Linear(n_hidden_2, out_dim)))

    @Logged
    def forward(self, batch):
        return torch.softmax(self.l3(torch.relu(self.l2(torch.relu(self.l1(batch.flatten(1)))))), 1)


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers = nn.ModuleList([nn.Flatten(), nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.ReLU(),
                                     nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)])

    def forward(self, inputs, verbose=False, *, stop_at=None):
        for layer in self.layers[:stop_at]:
            inputs = layer(inputs)
            if verbose:
                print(inputs.shape)
        return inputs
