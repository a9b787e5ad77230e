# fails: method
import torch.nn as nn
import torch.nn.functional as F


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        layers = {"linear1": nn.Linear(in_dim, n_hidden_1), "bn1": nn.BatchNorm1d(n_hidden_1), "out": nn.Linear(n_hidden_1, out_dim)}
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.out(F.relu(self.bn1(self.linear1(x.flatten(1)))))
