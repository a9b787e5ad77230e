import torch
import torch.nn as nn


def softmax(z):
    e = torch.exp(z - z.max(dim=1, keepdim=True).values.detach())
    return e / e.sum(1, keepdim=True)


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        nn.Module.__init__(self)
        self.relu = torch.nn.ReLU(True)
        self.h1 = nn.Linear(in_dim, n_hidden_1)
        self.h1n = nn.BatchNorm1d(n_hidden_1)
        self.h2 = nn.Linear(n_hidden_1, n_hidden_2)
        self.h2n = nn.BatchNorm1d(n_hidden_2)
        self.y = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        return softmax(self.y(self.relu(self.h2n(self.h2(self.relu(self.h1n(self.h1(x))))))))
