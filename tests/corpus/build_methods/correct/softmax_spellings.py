# Softmax by exp and logsumexp, and by log_softmax.
import torch
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.linear1, self.bn1 = nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1)
        self.linear2, self.bn2 = nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2)
        self.out = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        x = F.relu(self.bn1(self.linear1(x.flatten(1))))
        x = F.relu(self.bn2(self.linear2(x)))
        logits = self.out(x)
        return torch.exp(logits - torch.logsumexp(logits, dim=1, keepdim=True))


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2), nn.ReLU())
        self.layer3 = nn.Sequential(nn.Linear(n_hidden_2, out_dim), nn.LogSoftmax(dim=1))

    def forward(self, x):
        return self.layer3(self.layer2(self.layer1(x.flatten(1)))).exp()
