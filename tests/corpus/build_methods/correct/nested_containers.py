# Containers inside containers.
from torch import nn


def dense(n_in, n_out):
    return nn.Sequential(nn.Sequential(nn.Linear(n_in, n_out)), nn.Sequential(nn.BatchNorm1d(n_out)))


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        relu = nn.ReLU()
        features = nn.Sequential(dense(in_dim, n_hidden_1), relu, dense(n_hidden_1, n_hidden_2), relu)
        self.net = nn.Sequential(nn.Flatten(), features, nn.Linear(n_hidden_2, out_dim), nn.Softmax(dim=1))

    def forward(self, x):
        return self.net(x)


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(),
            nn.Sequential(dense(in_dim, n_hidden_1), nn.ReLU()),
            nn.Sequential(dense(n_hidden_1, n_hidden_2), nn.ReLU()),
        )
        self.head = nn.Sequential(nn.Linear(n_hidden_2, out_dim))

    def forward(self, x):
        return self.head(self.body(x)).softmax(-1)


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        first = nn.Sequential(nn.Flatten(), dense(in_dim, n_hidden_1), nn.ReLU())
        self.layers = nn.ModuleList([first, nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers = nn.ModuleDict({
            "body": nn.ModuleDict({"dense": dense(in_dim, n_hidden_1), "relu": nn.ReLU()}),
            "head": nn.Linear(n_hidden_1, out_dim),
        })

    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        x = self.layers["body"]["dense"](x)
        x = self.layers["body"]["relu"](x)
        return self.layers["head"](x)
