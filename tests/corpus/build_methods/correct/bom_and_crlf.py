import torch
import torch.nn as nn


class Model_Seq(nn.Module):
    """Größe und Maße – mit Umlauten."""

    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.a = nn.Linear(in_dim, n_hidden_1)
        self.b = nn.BatchNorm1d(n_hidden_1)
        self.c = nn.Linear(n_hidden_1, n_hidden_2)
        self.d = nn.BatchNorm1d(n_hidden_2)
        self.e = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        x = self.b(self.a(x.flatten(1))).relu()
        x = self.d(self.c(x)).relu()
        return self.e(x).softmax(1)
