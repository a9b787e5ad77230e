# A helper base class between nn.Module and the models, with functions to save and load.
import abc

import torch
import torch.nn as nn


class Classifier(nn.Module, abc.ABC):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()

    @abc.abstractmethod
    def classify(self, rows):
        """Works on flat rows."""

    def forward(self, images):
        return self.classify(self.flatten(images))

    def save_checkpoint(self, path):
        torch.save(self.state_dict(), path)

    def load_checkpoint(self, path):
        self.load_state_dict(torch.load(path))

    @property
    def size(self):
        return sum(p.numel() for p in self.parameters())


class Model_Seq(Classifier):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.linear1, self.bn1 = nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1)
        self.linear2, self.bn2 = nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2)
        self.out = nn.Linear(n_hidden_2, out_dim)

    def classify(self, rows):
        rows = self.bn1(self.linear1(rows)).relu()
        rows = self.bn2(self.linear2(rows)).relu()
        return self.out(rows).softmax(1)


class Model_Lst(Classifier):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.steps = nn.ModuleList([nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.ReLU(),
                                    nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)])

    def classify(self, rows):
        for step in self.steps:
            rows = step(rows)
        return rows


class Model_Dict(Classifier):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.steps = nn.ModuleDict(dict(linear=nn.Linear(in_dim, n_hidden_1), bn=nn.BatchNorm1d(n_hidden_1), out=nn.Linear(n_hidden_1, out_dim)))

    def classify(self, rows):
        return self.steps["out"](self.steps.bn(self.steps.linear(rows)).relu())
