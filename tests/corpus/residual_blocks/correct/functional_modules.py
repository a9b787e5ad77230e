# Small functional modules; the norm counts its steps.
import torch
from torch import nn
from torch.nn import functional as F


class Conv(nn.Module):
    def __init__(self, i, o, k, s, p):
        super().__init__()
        self.s, self.p = s, p
        self.weight = nn.Parameter(nn.init.kaiming_normal_(torch.empty(o, i, k, k)))
        self.bias = nn.Parameter(torch.zeros(o))

    def forward(self, x):
        return F.conv2d(F.pad(x, (self.p,) * 4), self.weight, self.bias, self.s)


class Norm(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(c)), nn.Parameter(torch.zeros(c))
        self.register_buffer("running_mean", torch.zeros(c))
        self.register_buffer("running_var", torch.ones(c))
        self.register_buffer("num_batches_tracked", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        if self.training:
            self.num_batches_tracked.add_(1)
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training)


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.a, self.b = Conv(in_channels, out_channels, 3, stride, 1), Norm(out_channels)
        self.c, self.d = Conv(out_channels, out_channels, 3, stride, 1), Norm(out_channels)

    def forward(self, x):
        return F.relu(self.d(self.c(F.relu(self.b(self.a(x))))) + x)


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.a, self.b = Conv(in_channels, out_channels, 3, stride[0], 1), Norm(out_channels)
        self.c, self.d = Conv(out_channels, out_channels, 3, stride[1], 1), Norm(out_channels)
        self.e, self.f = Conv(in_channels, out_channels, 1, stride[0], 0), Norm(out_channels)

    def forward(self, x):
        return F.relu(self.d(self.c(F.relu(self.b(self.a(x))))) + self.f(self.e(x)))


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(10, 512) * 0.02), nn.Parameter(torch.zeros(10))

    def forward(self, x):
        return F.linear(F.adaptive_avg_pool2d(x, 1).flatten(1), self.weight, self.bias)


class RestNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = Conv(3, 64, 7, 2, 3), Norm(64)
        blocks = [RestNetBasicBlock(64, 64, 1), RestNetBasicBlock(64, 64, 1)]
        for c in (64, 128, 256):
            blocks += [RestNetDownBlock(c, c * 2, (2, 1)), RestNetBasicBlock(c * 2, c * 2, 1)]
        self.blocks = nn.ModuleList(blocks)
        self.head = Head()

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 3, stride=2, padding=1)
        for block in self.blocks:
            x = block(x)
        return self.head(x)
