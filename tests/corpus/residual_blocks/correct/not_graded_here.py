# The basic block is used with stride 1 only, so ignoring the argument costs nothing; forward is called directly.
import torch.nn as nn
import torch.nn.functional as F


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        out = F.relu(self.bn1.forward(self.conv1.forward(x)))
        out = self.bn2.forward(self.conv2.forward(out))
        return F.relu(x.clone() + out)


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.extra = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride[0]), nn.BatchNorm2d(out_channels))
        self.rest = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, stride[0], 1), nn.BatchNorm2d(out_channels), nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1), nn.BatchNorm2d(out_channels))  # the second stride is always 1

    def forward(self, x):
        out = self.rest(x)
        out += self.extra(x)
        return F.relu(out, True)
