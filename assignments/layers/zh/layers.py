"""作业 `layers`：训练程序的四个组成部分，以及 PyTorch 提供层的两种形式。

层、模型、损失和优化器是四个组成部分；`training_step` 把它们组合在一起。大多数层有两种形式：
`torch.nn` 中的模块拥有自己的权重，并且知道自己处于训练模式还是评估模式；
`torch.nn.functional` 中的函数什么也不拥有，只知道传给它的内容。

六道习题共同的规则：

* 除非习题另有说明，张量都是浮点张量；`N` 是批次大小，可以是任意数。
* 输出的 dtype 和设备与输入相同。代码中不写死任何尺寸。
* “函数形式”是指用 `torch.nn.functional` 中的函数完成计算。

可以自由添加辅助函数和导入语句，属性名和变量名也可以自由选择。
下面的类名、函数名和参数名是固定的。
"""

from collections.abc import Callable

import torch
import torch.nn as nn
import torch.nn.functional as F


def linear_module(in_features: int, out_features: int) -> nn.Module:
    """返回一个计算 `x @ weight.T + bias` 的模块。

    参数：
        in_features：每个样本输入多少个数。
        out_features：每个样本输出多少个数。

    该模块有两个可学习、已注册的参数：形状为 `(out_features, in_features)` 的权重，
    以及形状为 `(out_features,)` 的偏置。输入 `x` 的形状为 `(N, in_features)` 时，
    返回形状为 `(N, out_features)` 的张量。参数的初始值可以自由选择。
    """
    raise NotImplementedError("linear_module: write this function")


def linear_functional(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """返回 `x @ weight.T + bias`，用函数形式在给定的张量上计算。

    参数：
        x：输入，`(N, in_features)`。
        weight：权重，`(out_features, in_features)`。
        bias：偏置，`(out_features,)`。

    结果的形状为 `(N, out_features)`。调用 `backward()` 之后，三个张量都得到梯度。
    """
    raise NotImplementedError("linear_functional: write this function")


class FunctionalLinear(nn.Module):
    """一个线性层，拥有自己的参数，并以函数形式使用它们：`x @ weight.T + bias`。

    参数：
        in_features：每个样本输入多少个数。
        out_features：每个样本输出多少个数。

    该模块有两个已注册的参数：形状为 `(out_features, in_features)` 的权重，
    以及形状为 `(out_features,)` 的偏置。它们出现在 `parameters()` 和 `state_dict()` 中，
    并随 `.to()` 一起移动。它们的初始值可以自由选择。

    `forward` 接受形状为 `(N, in_features)` 的 `x`，返回形状为 `(N, out_features)` 的张量。
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        raise NotImplementedError("FunctionalLinear: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """返回变换后的输入，`(N, out_features)`。"""
        raise NotImplementedError("FunctionalLinear: compute the output here")


class FunctionalDropout(nn.Module):
    """函数形式的 dropout，遵循模块所处的模式。

    参数：
        p：被丢弃（即置为零）的数所占的比例：0 表示一个也不丢弃，0.9 表示丢弃大部分。

    调用 `.train()` 之后，`forward` 以概率 `p` 丢弃 `x` 中的每个数，每次调用都重新抽取掩码，
    并把保留下来的数乘以 `1 / (1 - p)`。调用 `.eval()` 之后，它原样返回 `x`。
    `x` 可以是任意形状；结果的形状与它相同。
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        raise NotImplementedError("FunctionalDropout: define the layers here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """返回丢弃了部分数的 `x`；评估模式下返回 `x` 本身。"""
        raise NotImplementedError("FunctionalDropout: compute the output here")


def conv_relu_pool(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """返回卷积 -> ReLU -> 最大池化的结果，全部采用函数形式。

    卷积为 3x3，填充为 1，步幅为 1；池化为 2x2，步幅为 2。

    参数：
        x：图像，`(N, C, H, W)`；`H` 和 `W` 可以不同，也可以是奇数。
        weight：卷积核，`(O, C, 3, 3)`。
        bias：每个卷积核一个数，`(O,)`。

    结果的形状为 `(N, O, H // 2, W // 2)`。调用 `backward()` 之后，三个张量都得到梯度。
    """
    raise NotImplementedError("conv_relu_pool: write this function")


def training_step(
    model: nn.Module,
    criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    inputs: torch.Tensor,
    targets: torch.Tensor,
) -> float:
    """对模型做一次更新：前向传播、损失、反向传播、更新。

    参数：
        model：要训练的模型。
        criterion：损失；`criterion(outputs, targets)` 返回只含一个数的张量。
        optimizer：持有模型的参数。
        inputs：给模型的一个批次。
        targets：模型应当给出的答案；分类时为形状 `(N,)` 的整数。

    之前的步骤留下的梯度不得混入这一步。返回更新*之前*的损失，类型为 Python 的 `float`。
    """
    raise NotImplementedError("training_step: write this function")
