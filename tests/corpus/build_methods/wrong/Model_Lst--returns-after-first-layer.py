# fails: shapes
import torch.nn as nn


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers = nn.ModuleList([
            nn.Flatten(),
            nn.Linear(in_dim, n_hidden_1),
            nn.BatchNorm1d(n_hidden_1),
            nn.ReLU(),
            nn.Linear(n_hidden_1, n_hidden_2),
            nn.Linear(n_hidden_2, out_dim),
        ])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
            return x
