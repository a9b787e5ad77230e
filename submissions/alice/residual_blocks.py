# Homework: residual blocks.   Alice
import torch
from torch import nn


def conv3x3(c_in, c_out, stride=1):
    return nn.Conv2d(c_in, c_out, kernel_size=3, stride=stride, padding=1)


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.body = nn.Sequential(
            conv3x3(in_channels, out_channels, stride),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            conv3x3(out_channels, out_channels, stride),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x):
        return torch.relu(self.body(x) + x)


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        first, second = stride
        self.shortcut = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride=first), nn.BatchNorm2d(out_channels))
        self.body = nn.Sequential(
            conv3x3(in_channels, out_channels, first),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            conv3x3(out_channels, out_channels, second),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


class RestNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, stride=2, padding=3),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        stages = [RestNetBasicBlock(64, 64, 1), RestNetBasicBlock(64, 64, 1)]
        for c in (64, 128, 256):
            stages.append(RestNetDownBlock(c, 2 * c, [2, 1]))
            stages.append(RestNetBasicBlock(2 * c, 2 * c, 1))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))

    def forward(self, x):
        return self.head(self.stages(self.stem(x)))


if __name__ == "__main__":
    net = RestNet18()
    print(sum(p.numel() for p in net.parameters()))  # 11186442, yes!
    print(net(torch.randn(2, 3, 64, 64)).shape)
