import torch
import torch.nn as nn


def positive_part(t):
    return t * (t > 0)


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding="same")
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride, padding="same")
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        y = self.bn1(self.conv1(x)).clamp(min=0)
        y = self.bn2(self.conv2(y))
        return positive_part(y + x)


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, (stride[0], stride[0]), (1, 1))
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, (stride[1], stride[1]), (1, 1))
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.proj = nn.Conv2d(in_channels, out_channels, 1, (stride[0], stride[0]))
        self.proj_bn = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        y = self.bn1(self.conv1(x))
        y = torch.maximum(y, y.new_zeros(()))
        y = self.bn2(self.conv2(y))
        z = torch.add(y, self.proj_bn(self.proj(x)))
        return torch.where(z > 0, z, torch.zeros_like(z))
