# fails: parameters
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.linear1 = nn.Linear(in_dim, n_hidden_1)
        self.linear2 = nn.Linear(n_hidden_1, n_hidden_2)
        self.out = nn.Linear(n_hidden_2, out_dim)
        self.norms = [nn.BatchNorm1d(n_hidden_1), nn.BatchNorm1d(n_hidden_2)]

    def forward(self, x):
        x = x.flatten(1)
        x = F.relu(self.norms[0](self.linear1(x)))
        x = F.relu(self.norms[1](self.linear2(x)))
        return F.softmax(self.out(x), dim=1)
