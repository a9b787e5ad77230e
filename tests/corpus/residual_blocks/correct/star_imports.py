from torch.nn import *
from torch import flatten, relu
from torch import nn as N


class RestNetBasicBlock(Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.f = Sequential(
            Conv2d(in_channels, out_channels, 3, stride, 1), BatchNorm2d(out_channels), ReLU(),
            Conv2d(out_channels, out_channels, 3, stride, 1), BatchNorm2d(out_channels))

    def forward(self, x):
        return relu(self.f(x) + x)


class RestNetDownBlock(N.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.f = N.Sequential(
            N.Conv2d(in_channels, out_channels, 3, stride[0], 1), N.BatchNorm2d(out_channels), N.ReLU(),
            N.Conv2d(out_channels, out_channels, 3, stride[1], 1), N.BatchNorm2d(out_channels))
        self.g = N.Sequential(N.Conv2d(in_channels, out_channels, 1, stride[0]), N.BatchNorm2d(out_channels))

    def forward(self, x):
        return relu(self.f(x) + self.g(x))


class RestNet18(Module):
    def __init__(self):
        super().__init__()
        self.a = Sequential(Conv2d(3, 64, 7, 2, 3), BatchNorm2d(64), ReLU(), MaxPool2d(3, 2, 1))
        self.b = Sequential(RestNetBasicBlock(64, 64, 1), RestNetBasicBlock(64, 64, 1))
        self.c = Sequential(*(layer for c in (64, 128, 256) for layer in (RestNetDownBlock(c, 2 * c, [2, 1]), RestNetBasicBlock(2 * c, 2 * c, 1))))
        self.d = Linear(512, 10)

    def forward(self, x):
        x = self.c(self.b(self.a(x)))
        x = N.functional.avg_pool2d(x, x.shape[-2:])
        return self.d(flatten(x, 1))
