import torch.nn as nn


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super(Model_Lst, self).__init__()
        self.layers = nn.ModuleList()
        self.layers.append(nn.Linear(in_dim, n_hidden_1))
        self.layers.append(nn.BatchNorm1d(n_hidden_1))
        self.layers.append(nn.ReLU(inplace=True))
        self.layers.append(nn.Linear(n_hidden_1, n_hidden_2))
        self.layers.append(nn.Linear(n_hidden_2, out_dim))
        self.layers.insert(0, nn.Flatten())

    def forward(self, x):
        out = x
        for i in range(len(self.layers)):
            out = self.layers[i](out)
        return out
