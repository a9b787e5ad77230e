# The asked names are a function and a partial of one class; the projection is built outside and handed in.
import functools

import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, in_channels, out_channels, stride, downsample=lambda i, o, s: nn.Sequential()):
        super().__init__()
        strides = [stride, stride] if isinstance(stride, int) else list(stride)
        self.convs = nn.ModuleList([nn.Conv2d(in_channels, out_channels, (3, 3), strides[0], (1, 1)),
                                    nn.Conv2d(out_channels, out_channels, (3, 3), strides[1], (1, 1))])
        self.norms = nn.ModuleList([nn.BatchNorm2d(out_channels) for _ in range(2)])
        self.downsample = downsample(in_channels, out_channels, strides[0])

    def forward(self, x):
        out = x
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            out = norm(conv(out))
            if i == 0:
                out = F.relu(out, inplace=True)
        out += self.downsample(x)
        return F.relu_(out)


def projection(i, o, s):
    return nn.Sequential(nn.Conv2d(i, o, (1, 1), (s, s)), nn.BatchNorm2d(o))


def RestNetBasicBlock(in_channels, out_channels, stride):
    return Block(in_channels, out_channels, stride)


RestNetDownBlock = functools.partial(Block, downsample=projection)
