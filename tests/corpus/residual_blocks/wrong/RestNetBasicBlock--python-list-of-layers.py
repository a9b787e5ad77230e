# fails: parameters
import torch.nn as nn
import torch.nn.functional as F


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1)
        self.bns = [nn.BatchNorm2d(out_channels), nn.BatchNorm2d(out_channels)]
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, stride=stride, padding=1)

    def forward(self, x):
        out = F.relu(self.bns[0](self.conv1(x)))
        out = self.bns[1](self.conv2(out))
        return F.relu(x + out)
