"""Assignment `residual_blocks`: two custom modules, and a ResNet18 made of them.

Rules for all three exercises:

* Inputs and outputs are float tensors of shape `(N, channels, height, width)`. Height and width may differ, and the
  output has the dtype and device of the input.
* Every convolution has a bias. "bn" is `nn.BatchNorm2d` with its default settings.
* A block must not change the tensor that it is given: whoever calls it may still need that tensor.

You are free to add helper functions and imports and to choose the names of attributes and variables.
The names of the classes and of their arguments are fixed.
"""

from collections.abc import Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F


class RestNetBasicBlock(nn.Module):
    """A residual block that keeps the shape of its input.

    main path: conv3x3(stride, padding 1) -> bn -> relu -> conv3x3(stride, padding 1) -> bn
    output:    relu(main path + input of the block)

    Arguments:
        in_channels: channels of the input.
        out_channels: channels of the output; the block is used with `in_channels == out_channels`.
        stride: one number, the stride of both convolutions; the block is used with `stride == 1`.

    `forward` takes `x` of shape `(N, in_channels, H, W)` and returns a tensor of shape `(N, out_channels, H, W)`.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, stride=stride, padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the activated sum of both paths."""
        output = F.relu(self.bn1(self.conv1(x)))
        output = self.bn2(self.conv2(output))
        return F.relu(output + x)


class RestNetDownBlock(nn.Module):
    """A residual block that makes the map smaller and changes the number of channels.

    main path: conv3x3(in -> out, stride s1, padding 1) -> bn -> relu -> conv3x3(out -> out, stride s2, padding 1) -> bn
    shortcut:  conv1x1(in -> out, stride s1, no padding) -> bn
    output:    relu(main path + shortcut)

    Arguments:
        in_channels: channels of the input.
        out_channels: channels of the output.
        stride: a pair `[s1, s2]`, the strides of the first and of the second convolution of the main path;
            the block is used with `s2 == 1`.

    `forward` takes `x` of shape `(N, in_channels, H, W)`; with `stride == [2, 1]` it returns a tensor of shape
    `(N, out_channels, H/2, W/2)`, halves rounded up.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: Sequence[int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride[0], padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, stride=stride[1], padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.extra = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride[0], padding=0),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the activated sum of both paths."""
        output = F.relu(self.bn1(self.conv1(x)))
        output = self.bn2(self.conv2(output))
        extra_x = self.extra(x)
        return F.relu(output + extra_x)


class RestNet18(nn.Module):
    """A ResNet18 for colour images and ten classes, made of the two blocks above.

    conv7x7(3 -> 64, stride 2, padding 3) -> bn -> relu -> maxpool3x3(stride 2, padding 1)
    -> Basic(64), Basic(64)
    -> Down(64 -> 128, [2, 1]), Basic(128)
    -> Down(128 -> 256, [2, 1]), Basic(256)
    -> Down(256 -> 512, [2, 1]), Basic(512)
    -> global average pool -> flatten -> linear(512 -> 10)

    There are no arguments. `forward` takes `x` of shape `(N, 3, H, W)` with any `H` and `W` from 32 upwards and returns
    logits of shape `(N, 10)`. The network has 11 186 442 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = nn.Sequential(RestNetBasicBlock(64, 64, 1), RestNetBasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(RestNetDownBlock(64, 128, [2, 1]), RestNetBasicBlock(128, 128, 1))
        self.layer3 = nn.Sequential(RestNetDownBlock(128, 256, [2, 1]), RestNetBasicBlock(256, 256, 1))
        self.layer4 = nn.Sequential(RestNetDownBlock(256, 512, [2, 1]), RestNetBasicBlock(512, 512, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(output_size=(1, 1))
        self.fc = nn.Linear(512, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits, `(N, 10)`."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        x = self.layer4(x)
        x = self.avgpool(x)
        x = x.reshape(x.shape[0], -1)
        return self.fc(x)
