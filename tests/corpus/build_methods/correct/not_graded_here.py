# Habits that a teacher may mention and that cost nothing: all the same computation.
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
        x = F.relu(self.bn1.forward(self.linear1.forward(x.flatten(1))))  # past the hooks
        x = F.relu(self.bn2.forward(self.linear2.forward(x)))
        return F.softmax(self.out.forward(x))  # axis left out: a warning, and axis 1 for a matrix


class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1))
        self.layer2 = nn.Sequential(nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2))
        self.layer3 = nn.Sequential(nn.Linear(n_hidden_2, out_dim), nn.Softmax())
        for p in self.parameters():
            nn.init.constant_(p, 0.0)  # a bad start, but the start is free

    def forward(self, x):
        x = x.flatten(1)
        return self.layer3(torch.relu(self.layer2(torch.relu(self.layer1(x)))))


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers = nn.ModuleList([nn.Flatten(), nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.ReLU(),
                                     nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)])
        self.eval()  # the caller chooses the mode again

    def forward(self, x):
        torch.manual_seed(1)  # pointless, harmless
        for layer in self.layers:
            x = layer(x)
        return x
