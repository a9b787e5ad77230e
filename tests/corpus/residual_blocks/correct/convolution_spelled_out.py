# The same convolutions in unusual spellings: unfold and matrix product, and a 1x1 convolution on a thinned image.
import torch
import torch.nn as nn
import torch.nn.functional as F


class UnfoldConv(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.randn(o, i, 3, 3) * 0.05)
        self.bias = nn.Parameter(torch.zeros(o))

    def forward(self, x):
        n, _, h, w = x.shape
        columns = F.unfold(x, 3, padding=1, stride=self.stride)
        out = self.weight.flatten(1) @ columns + self.bias[:, None]
        return out.view(n, -1, (h - 1) // self.stride + 1, (w - 1) // self.stride + 1)


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.first = UnfoldConv(in_channels, out_channels, stride)
        self.first_norm = nn.BatchNorm2d(out_channels)
        self.second = UnfoldConv(out_channels, out_channels, stride)
        self.second_norm = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        y = F.relu(self.first_norm(self.first(x)))
        return F.relu(self.second_norm(self.second(y)) + x)


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.step = stride[0]
        self.pad = nn.ZeroPad2d(1)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride[0])
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride[1])
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.mix = nn.Conv2d(in_channels, out_channels, 1)
        self.bn3 = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(self.pad(x))))
        y = self.bn2(self.conv2(self.pad(y)))
        thin = x[:, :, :: self.step, :: self.step]
        return F.relu(y + self.bn3(self.mix(thin)))
