"""A submission that sets the number of threads wherever it can: at import, while building, and in every pass."""

import torch
from torch import nn

torch.set_num_threads(4)


class Linear(nn.Linear):
    """With three threads."""

    def __init__(self, *args, **kwargs):
        torch.set_num_threads(4)
        super().__init__(*args, **kwargs)

    def forward(self, x):
        torch.set_num_threads(3)
        return super().forward(x)


class Conv2d(nn.Conv2d):
    """With two threads."""

    def __init__(self, *args, **kwargs):
        torch.set_num_threads(4)
        super().__init__(*args, **kwargs)

    def forward(self, x):
        torch.set_num_threads(2)
        return super().forward(x)
