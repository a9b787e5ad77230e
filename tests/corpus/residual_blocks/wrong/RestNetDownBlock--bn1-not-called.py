# fails: forward
import torch.nn as nn
import torch.nn.functional as F


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride[0], padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, stride=stride[1], padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.extra = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride[0], padding=0),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x):
        extra_x = self.extra(x)
        out = F.relu(self.conv1(x))
        out = self.bn2(self.conv2(out))
        return F.relu(extra_x + out)
