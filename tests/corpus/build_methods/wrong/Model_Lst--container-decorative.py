# fails: parameters
import torch.nn as nn
import torch.nn.functional as F


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        layers = [nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)]
        self.layers = nn.ModuleList([nn.Linear(in_dim, n_hidden_1), nn.Linear(n_hidden_1, n_hidden_2)])
        self.linear1, self.bn1, self.linear2, self.out = layers

    def forward(self, x):
        x = F.relu(self.bn1(self.linear1(x.flatten(1))))
        return self.out(self.linear2(x))
