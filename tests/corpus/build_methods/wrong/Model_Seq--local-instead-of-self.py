# fails: parameters
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        flatten = nn.Flatten()
        linear1 = nn.Linear(in_dim, n_hidden_1)
        bn1 = nn.BatchNorm1d(n_hidden_1)
        linear2 = nn.Linear(n_hidden_1, n_hidden_2)
        bn2 = nn.BatchNorm1d(n_hidden_2)
        out = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        x = self.flatten(x)
        x = F.relu(self.bn1(self.linear1(x)))
        x = F.relu(self.bn2(self.linear2(x)))
        return F.softmax(self.out(x), dim=1)
