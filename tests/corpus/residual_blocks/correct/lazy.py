# Lazy convolutions and norms.
import torch
from torch import nn


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.LazyConv2d(out_channels, 3, stride, 1), nn.LazyBatchNorm2d(), nn.ReLU(),
            nn.LazyConv2d(out_channels, 3, stride, 1), nn.LazyBatchNorm2d())

    def forward(self, x):
        return torch.relu(x + self.body(x))


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.LazyConv2d(out_channels, 3, stride[0], 1), nn.LazyBatchNorm2d(), nn.ReLU(),
            nn.LazyConv2d(out_channels, 3, stride[1], 1), nn.LazyBatchNorm2d())
        self.skip = nn.Sequential(nn.LazyConv2d(out_channels, 1, stride[0]), nn.LazyBatchNorm2d())

    def forward(self, x):
        return torch.relu(self.skip(x) + self.body(x))
