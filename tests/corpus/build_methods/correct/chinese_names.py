# 类与属性使用中文名称
import torch
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    def __init__(self, 输入, 隐藏一, 隐藏二, 输出):
        super().__init__()
        self.展平 = nn.Flatten()
        self.全连接层1 = nn.Linear(输入, 隐藏一)
        self.批归一化1 = nn.BatchNorm1d(隐藏一)
        self.全连接层2 = nn.Linear(隐藏一, 隐藏二)
        self.批归一化2 = nn.BatchNorm1d(隐藏二)
        self.输出层 = nn.Linear(隐藏二, 输出)

    def forward(self, 图像):
        数据 = self.展平(图像)
        数据 = F.relu(self.批归一化1(self.全连接层1(数据)))
        数据 = F.relu(self.批归一化2(self.全连接层2(数据)))
        return F.softmax(self.输出层(数据), dim=1)


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.层 = nn.ModuleList(
            [nn.Flatten(), nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.ReLU(),
             nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)])

    def forward(self, x):
        for 一层 in self.层:
            x = 一层(x)
        return x


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.字典 = nn.ModuleDict({"线性": nn.Linear(in_dim, n_hidden_1), "归一": nn.BatchNorm1d(n_hidden_1), "激活": nn.ReLU(),
                                 "输出": nn.Linear(n_hidden_1, out_dim)})

    def forward(self, x):
        x = torch.flatten(x, 1)
        for 键 in ["线性", "归一", "激活", "输出"]:
            x = self.字典[键](x)
        return x
