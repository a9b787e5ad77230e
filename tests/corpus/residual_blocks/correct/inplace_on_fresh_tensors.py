# In-place operations, all on tensors that the block made itself.
import torch.nn as nn
import torch.nn.functional as F


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride, 1)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        out = self.relu(out)
        return out


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride[0], 1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride[1], 1)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.down = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride[0]), nn.BatchNorm2d(out_channels))

    def forward(self, x):
        skip = self.down(x)
        x = self.bn1(self.conv1(x))
        x.relu_()
        x = self.bn2(self.conv2(x))
        x.add_(skip)
        return F.relu(x, inplace=True)
