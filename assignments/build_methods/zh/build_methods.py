"""作业 `build_methods`：同一个分类器，用 PyTorch 提供的每一种方式搭建。

贯穿全篇的例子把 28x28 像素、单通道的图像分为十类：784 个输入，
300 和 100 个单元的隐藏层，10 个输出。不过这些数都不可以写进代码：每个尺寸都是参数。

七道习题共同的规则：

* 输入是形状为 `(N, 1, 28, 28)` 的浮点张量，或展平后为 `(N, in_dim)` 的任意其他形状。
  `N` 是批次大小。每个网络首先把每张图像展平为一行。
* 输出的形状为 `(N, out_dim)`，dtype 和设备与输入相同。
* 每个线性层都有偏置。“bn”是采用默认设置的 `nn.BatchNorm1d`。
* 有的习题返回概率（最后有 softmax），其余的返回 logits（没有 softmax）。请仔细阅读。

可以自由添加辅助函数和导入语句，属性名和变量名也可以自由选择。
下面的类名、函数名和参数名，以及两道习题所要求的层名，是固定的。
"""

from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    """直接继承 `nn.Module` 的网络：层写在 `__init__` 中，计算写在 `forward` 中。

    flatten -> linear -> bn -> relu -> linear -> bn -> relu -> linear -> 对各类别做 softmax

    参数：
        in_dim：展平后的输入个数。
        n_hidden_1：第一个隐藏层的宽度。
        n_hidden_2：第二个隐藏层的宽度。
        out_dim：类别数。

    `forward` 接受 `x`，返回形状为 `(N, out_dim)` 的概率：每一行的和为 1。
    """

    def __init__(self, in_dim: int, n_hidden_1: int, n_hidden_2: int, out_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("Model_Seq: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """返回概率，`(N, out_dim)`。"""
        raise NotImplementedError("Model_Seq: compute the output here")


def build_sequential_args(in_dim: int, n_hidden: int, out_dim: int) -> nn.Sequential:
    """返回由位置参数构成的 `nn.Sequential`，一层接着一层。

    flatten -> linear -> bn -> relu -> linear

    参数：
        in_dim：展平后的输入个数。
        n_hidden：隐藏层的宽度。
        out_dim：类别数。

    该网络返回形状为 `(N, out_dim)` 的 logits。
    """
    raise NotImplementedError("build_sequential_args: write this function")


def build_sequential_add_module(in_dim: int, n_hidden: int, out_dim: int) -> nn.Sequential:
    """返回与 `build_sequential_args` 相同的网络，通过对每一层调用 `add_module` 搭建。

    各层的名称依次为：`flatten`、`linear1`、`bn1`、`relu1`、`out`。

    参数：
        in_dim：展平后的输入个数。
        n_hidden：隐藏层的宽度。
        out_dim：类别数。

    该网络返回形状为 `(N, out_dim)` 的 logits。
    """
    raise NotImplementedError("build_sequential_add_module: write this function")


def build_sequential_ordered_dict(in_dim: int, n_hidden: int, out_dim: int) -> nn.Sequential:
    """返回与 `build_sequential_args` 相同的网络，由 `OrderedDict` 搭建。

    各层的名称依次为：`flatten`、`linear1`、`bn1`、`relu1`、`out`。

    参数：
        in_dim：展平后的输入个数。
        n_hidden：隐藏层的宽度。
        out_dim：类别数。

    该网络返回形状为 `(N, out_dim)` 的 logits。
    """
    raise NotImplementedError("build_sequential_ordered_dict: write this function")


class Model_Lay(nn.Module):
    """与 `Model_Seq` 相同的网络，各层装在 `nn.Sequential` 容器中（至少两个）。

    flatten -> (linear, bn) -> relu -> (linear, bn) -> relu -> (linear) -> 对各类别做 softmax

    参数：
        in_dim：展平后的输入个数。
        n_hidden_1：第一个隐藏层的宽度。
        n_hidden_2：第二个隐藏层的宽度。
        out_dim：类别数。

    `forward` 接受 `x`，返回形状为 `(N, out_dim)` 的概率：每一行的和为 1。
    """

    def __init__(self, in_dim: int, n_hidden_1: int, n_hidden_2: int, out_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("Model_Lay: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """返回概率，`(N, out_dim)`。"""
        raise NotImplementedError("Model_Lay: compute the output here")


class Model_Lst(nn.Module):
    """把各层保存在 `nn.ModuleList` 中的网络。

    flatten -> linear(in_dim, n_hidden_1) -> bn(n_hidden_1) -> relu -> linear(n_hidden_1, n_hidden_2)
    -> linear(n_hidden_2, out_dim)

    请注意，最后两个线性层之间什么也没有。

    参数：
        in_dim：展平后的输入个数。
        n_hidden_1：第一个隐藏层的宽度。
        n_hidden_2：第二个隐藏层的宽度。
        out_dim：类别数。

    `forward` 接受 `x`，返回形状为 `(N, out_dim)` 的 logits。
    """

    def __init__(self, in_dim: int, n_hidden_1: int, n_hidden_2: int, out_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("Model_Lst: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """返回 logits，`(N, out_dim)`。"""
        raise NotImplementedError("Model_Lst: compute the output here")


class Model_Dict(nn.Module):
    """把各层保存在 `nn.ModuleDict` 中的网络。

    flatten -> linear(in_dim, n_hidden_1) -> bn(n_hidden_1) -> relu -> linear(n_hidden_1, out_dim)

    参数：
        in_dim：展平后的输入个数。
        n_hidden_1：隐藏层的宽度。
        n_hidden_2：接受但不使用，这样所有模型都可以用同样的方式调用。
        out_dim：类别数。

    `forward` 接受 `x`，返回形状为 `(N, out_dim)` 的 logits。
    """

    def __init__(self, in_dim: int, n_hidden_1: int, n_hidden_2: int, out_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("Model_Dict: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """返回 logits，`(N, out_dim)`。"""
        raise NotImplementedError("Model_Dict: compute the output here")
