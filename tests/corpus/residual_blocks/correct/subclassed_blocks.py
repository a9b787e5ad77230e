# A helper base class that adds and activates; the blocks fill in the two paths.
import torch
import torch.nn as nn


def conv_bn(i, o, k, s):
    return nn.Sequential(nn.Conv2d(i, o, k, stride=s, padding=k // 2), nn.BatchNorm2d(o))


class Sum(nn.Module):
    shortcut: nn.Module
    main: nn.Module

    def forward(self, x):
        return torch.relu(torch.add(self.shortcut(x), self.main(x)))


class RestNetBasicBlock(Sum):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.shortcut = nn.Identity()
        self.main = nn.Sequential(conv_bn(in_channels, out_channels, 3, stride), nn.ReLU(True), conv_bn(out_channels, out_channels, 3, stride))


class RestNetDownBlock(Sum):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.shortcut = conv_bn(in_channels, out_channels, 1, stride[0])
        self.main = nn.Sequential(conv_bn(in_channels, out_channels, 3, stride[0]), nn.ReLU(True), conv_bn(out_channels, out_channels, 3, stride[1]))


class RestNet18(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.append(conv_bn(3, 64, 7, 2)).append(nn.ReLU()).append(nn.MaxPool2d(3, 2, padding=1))
        self.append(RestNetBasicBlock(64, 64, 1)).append(RestNetBasicBlock(64, 64, 1))
        for width in (128, 256, 512):
            self.extend([RestNetDownBlock(width // 2, width, [2, 1]), RestNetBasicBlock(width, width, 1)])
        self.extend([nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(512, 10)])
