"""作业 `training`：训练模型的六个步骤，以及显示训练过程的曲线。

数据、损失、优化器、一轮训练、评估，以及把它们串起来的循环；然后是绘图。这些函数互相配合：
`fit` 调用 `train_one_epoch` 和 `evaluate`，`plot_history` 绘制 `fit` 返回的内容。

七道习题共同的规则：

* 代码适用于任何模型、数据集、批次大小和损失：不把它们的任何信息写死在代码中。
* `device` 指明在哪里计算：一个 `torch.device`，或 "cpu" 这样的名称。数据加载器给出的数据在 CPU 上。
* 要求返回数的地方，返回 Python 的 `float`，而不是张量。
* 数据集可以有任意多个样本。因此一轮中的最后一个批次可能比其他批次小，
  但每个样本的分量仍然相同。

可以自由添加辅助函数和导入语句，变量名也可以自由选择。
函数名、它们的参数名，以及训练记录的两个键，是固定的。
"""

from collections.abc import Callable

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


def make_loaders(train_dataset: Dataset, test_dataset: Dataset, batch_size: int) -> tuple[DataLoader, DataLoader]:
    """返回两个数据加载器，`(train_loader, test_loader)`。

    参数：
        train_dataset：用于训练的样本。
        test_dataset：用于评估的样本。
        batch_size：两个数据加载器每个批次的样本数。

    训练数据加载器每一轮都采用新的随机顺序，测试数据加载器按数据集的顺序。两者都不遗漏任何样本。
    """
    raise NotImplementedError("make_loaders: write this function")


def make_criterion(task: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """返回某项任务的损失。

    参数：
        task："classification"（分类）或 "regression"（回归）。

    以 `(outputs, targets)` 调用其结果，返回只含一个数的张量，即批次上的平均值。
    对于 "classification"，它是 logits `(N, classes)` 与整数目标 `(N,)` 的交叉熵；
    对于 "regression"，它是形状相同的输出与目标的均方误差。其他任务一律抛出 `ValueError`。
    """
    raise NotImplementedError("make_criterion: write this function")


def make_optimizer(model: nn.Module, name: str, lr: float) -> torch.optim.Optimizer:
    """返回针对模型全部参数的优化器。

    参数：
        model：要训练的模型。
        name："sgd" 或 "adam"。
        lr：学习率。

    结果是 `torch.optim.SGD` 或 `torch.optim.Adam`，除学习率之外采用默认设置。
    其他名称一律抛出 `ValueError`。
    """
    raise NotImplementedError("make_optimizer: write this function")


def train_one_epoch(
    model: nn.Module,
    loader: DataLoader,
    criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    device: torch.device | str,
) -> float:
    """在训练模式下、在 `device` 上把数据加载器遍历一遍来训练模型，每个批次更新一次。

    参数：
        model：要训练的模型。
        loader：给出批次 `(inputs, targets)`。
        criterion：损失；`criterion(outputs, targets)` 返回只含一个数的张量，即批次上的平均值。
        optimizer：持有模型的参数。
        device：在哪里计算；模型和各批次都移到那里。

    返回每个样本的平均损失，类型为 `float`。每个批次按更新之前的损失计入，
    并按它所含的样本数加权。
    """
    raise NotImplementedError("train_one_epoch: write this function")


def evaluate(model: nn.Module, loader: DataLoader, device: torch.device | str) -> float:
    """返回分类器的准确率：在全部样本中，最高分落在正确类别上的样本所占的比例。

    参数：
        model：输出为分数的模型，形状为 `(N, classes)`。
        loader：给出批次 `(inputs, targets)`，目标的形状为 `(N,)`。
        device：在哪里计算；模型和各批次都移到那里。

    结果是 0 到 1 之间的 `float`。模型在评估模式下计算，不构建计算图。
    之后，模型的参数和缓冲区与之前相同，模型也回到之前所处的模式。
    """
    raise NotImplementedError("evaluate: write this function")


def fit(
    model: nn.Module,
    train_loader: DataLoader,
    test_loader: DataLoader,
    criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    epochs: int,
    device: torch.device | str,
) -> dict[str, list[float]]:
    """训练模型若干轮，并在每一轮之后评估。

    参数：
        model：要训练的模型。
        train_loader：用于训练的批次。
        test_loader：用于评估的批次。
        criterion：损失，与 `train_one_epoch` 中相同。
        optimizer：持有模型的参数。
        epochs：把训练数据加载器遍历多少遍。
        device：在哪里计算。

    返回训练记录 `{"train_loss": [...], "test_accuracy": [...]}`：按顺序给出每一轮训练时
    每个样本的平均损失，以及该轮之后的准确率。
    """
    raise NotImplementedError("fit: write this function")


def plot_history(history: dict[str, list[float]]):
    """返回画有训练曲线的 `matplotlib.figure.Figure`，不显示任何窗口。

    参数：
        history：`fit` 返回的内容：含有列表 "train_loss" 和 "test_accuracy" 的字典。

    图中有两条随轮次变化的曲线：损失和准确率，可以画在一起，也可以各画一张。
    坐标轴有标签，并由图例或标题说明哪条曲线是哪个量。
    """
    raise NotImplementedError("plot_history: write this function")
