"""作业 `residual_blocks`：两个自定义模块，以及由它们组成的 ResNet18。

三道习题共同的规则：

* 输入和输出都是形状为 `(N, channels, height, width)` 的浮点张量。高和宽可以不同，
  输出的 dtype 和设备与输入相同。
* 每个卷积都有偏置。“bn”是采用默认设置的 `nn.BatchNorm2d`。
* 残差块不得改动传给它的张量：调用者可能还需要那个张量。

可以自由添加辅助函数和导入语句，属性名和变量名也可以自由选择。
类名以及它们的参数名是固定的。
"""

from collections.abc import Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F


class RestNetBasicBlock(nn.Module):
    """保持输入形状不变的残差块。

    主路径：conv3x3(stride, padding 1) -> bn -> relu -> conv3x3(stride, padding 1) -> bn
    输出：  relu(主路径 + 残差块的输入)

    参数：
        in_channels：输入的通道数。
        out_channels：输出的通道数；使用该残差块时 `in_channels == out_channels`。
        stride：一个数，即两个卷积的步幅；使用该残差块时 `stride == 1`。

    `forward` 接受形状为 `(N, in_channels, H, W)` 的 `x`，返回形状为 `(N, out_channels, H, W)` 的张量。
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        raise NotImplementedError("RestNetBasicBlock: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """返回两条路径之和经过激活函数后的结果。"""
        raise NotImplementedError("RestNetBasicBlock: compute the output here")


class RestNetDownBlock(nn.Module):
    """缩小特征图并改变通道数的残差块。

    主路径：conv3x3(in -> out, stride s1, padding 1) -> bn -> relu -> conv3x3(out -> out, stride s2, padding 1) -> bn
    捷径：  conv1x1(in -> out, stride s1, 不填充) -> bn
    输出：  relu(主路径 + 捷径)

    参数：
        in_channels：输入的通道数。
        out_channels：输出的通道数。
        stride：一对数 `[s1, s2]`，即主路径上第一个和第二个卷积的步幅；
            使用该残差块时 `s2 == 1`。

    `forward` 接受形状为 `(N, in_channels, H, W)` 的 `x`；当 `stride == [2, 1]` 时，
    返回形状为 `(N, out_channels, H/2, W/2)` 的张量，除不尽时向上取整。
    """

    def __init__(self, in_channels: int, out_channels: int, stride: Sequence[int]) -> None:
        super().__init__()
        raise NotImplementedError("RestNetDownBlock: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """返回两条路径之和经过激活函数后的结果。"""
        raise NotImplementedError("RestNetDownBlock: compute the output here")


class RestNet18(nn.Module):
    """用于彩色图像和十个类别的 ResNet18，由上面的两种残差块组成。

    conv7x7(3 -> 64, stride 2, padding 3) -> bn -> relu -> maxpool3x3(stride 2, padding 1)
    -> Basic(64), Basic(64)
    -> Down(64 -> 128, [2, 1]), Basic(128)
    -> Down(128 -> 256, [2, 1]), Basic(256)
    -> Down(256 -> 512, [2, 1]), Basic(512)
    -> 全局平均池化 -> flatten -> linear(512 -> 10)

    没有参数。`forward` 接受形状为 `(N, 3, H, W)` 的 `x`，`H` 和 `W` 可以是不小于 32 的任意数，
    返回形状为 `(N, 10)` 的 logits。该网络有 11 186 442 个参数。
    """

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("RestNet18: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """返回 logits，`(N, 10)`。"""
        raise NotImplementedError("RestNet18: compute the output here")
