import torch.nn as nn
import torch.nn.functional as F


class Model_Lst(nn.Module):
    def __init__(self, *dims):
        super().__init__()
        # all linear layers first, then the norm: the order in the list is not the order of use
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims, dims[1:]))
        self.norms = nn.ModuleList([nn.BatchNorm1d(dims[1])])

    def forward(self, x):
        x = x.view(x.size(0), -1)
        for i, linear in enumerate(self.linears):
            x = linear(x)
            if i == 0:
                x = F.relu(self.norms[i](x))
        return x
