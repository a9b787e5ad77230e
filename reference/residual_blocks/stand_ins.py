"""What takes a block's place when a network is judged apart from its blocks (see docs/naming.md).

No solution is given away: a stand-in has the arguments and the shapes that the exercise asks for, and computes
something else. Whatever the network hands over must show, so every argument counts.
"""

import torch.nn as nn
import torch.nn.functional as F


class RestNetBasicBlock(nn.Module):
    """In place of the block that keeps its input's shape."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.mix = nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        return F.leaky_relu(self.norm(self.mix(x)), 0.3)


class RestNetDownBlock(nn.Module):
    """In place of the block that makes the map smaller."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        first, self.second = stride
        self.mix = nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=first)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        x = self.norm(self.mix(x))
        x = x + 0.5 * x.roll(1, dims=3)  # or else it would not matter which stride comes first
        return F.leaky_relu(x[:, :, :: self.second, :: self.second], 0.6)
