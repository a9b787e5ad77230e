# fails: shapes
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear1 = nn.Linear(784, 300)
        self.bn1 = nn.BatchNorm1d(300)
        self.linear2 = nn.Linear(300, 100)
        self.bn2 = nn.BatchNorm1d(100)
        self.out = nn.Linear(100, 10)

    def forward(self, x):
        x = self.flatten(x)
        x = F.relu(self.bn1(self.linear1(x)))
        x = F.relu(self.bn2(self.linear2(x)))
        return F.softmax(self.out(x), dim=1)
