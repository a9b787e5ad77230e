# fails: shapes
import torch.nn as nn


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers_dict = nn.ModuleDict({
            "flatten": nn.Flatten(),
            "linear1": nn.Linear(in_dim, n_hidden_1),
            "bn1": nn.BatchNorm1d(n_hidden_1, track_running_stats=False),
            "relu": nn.ReLU(),
            "out": nn.Linear(n_hidden_1, out_dim),
        })

    def forward(self, x):
        for layer in ["flatten", "linear1", "bn1", "relu", "out"]:
            x = self.layers_dict[layer](x)
        return x
