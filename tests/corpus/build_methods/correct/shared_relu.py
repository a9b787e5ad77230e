# One ReLU object serves everywhere: it has no state.
import torch.nn as nn


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.relu = nn.ReLU()
        self.flat = nn.Flatten(start_dim=1)
        self.a, self.b, self.c = nn.Linear(in_dim, n_hidden_1), nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)
        self.na, self.nb = nn.BatchNorm1d(n_hidden_1), nn.BatchNorm1d(n_hidden_2)
        self.soft = nn.Softmax(1)

    def forward(self, x):
        for f in (self.flat, self.a, self.na, self.relu, self.b, self.nb, self.relu, self.c, self.soft):
            x = f(x)
        return x


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        relu = nn.ReLU()
        self.l1 = nn.Sequential(nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), relu)
        self.l2 = nn.Sequential(nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2), relu)
        self.l3 = nn.Linear(n_hidden_2, out_dim)

    def forward(self, x):
        return self.l3(self.l2(self.l1(x.flatten(1)))).softmax(dim=1)


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        shared = nn.ModuleDict({"relu": nn.ReLU(), "flat": nn.Flatten()})
        shared.update({"fc": nn.Linear(in_dim, n_hidden_1), "bn": nn.BatchNorm1d(n_hidden_1), "out": nn.Linear(n_hidden_1, out_dim)})
        self.shared = shared
        self.route = "flat fc bn relu relu out".split()  # a second relu changes nothing

    def forward(self, x):
        for step in self.route:
            x = self.shared[step](x)
        return x
