# 中文名称，定义顺序与使用顺序相反
import torch.nn as nn
import torch.nn.functional as F


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.归一二 = nn.BatchNorm2d(out_channels)
        self.卷积二 = nn.Conv2d(out_channels, out_channels, 3, stride, 1)
        self.归一一 = nn.BatchNorm2d(out_channels)
        self.卷积一 = nn.Conv2d(in_channels, out_channels, 3, stride, 1)

    def forward(self, 输入):
        结果 = F.relu(self.归一一(self.卷积一(输入)))
        结果 = self.归一二(self.卷积二(结果))
        return F.relu(输入 + 结果)


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.旁路归一 = nn.BatchNorm2d(out_channels)
        self.旁路卷积 = nn.Conv2d(in_channels, out_channels, 1, stride[0])
        self.归一二 = nn.BatchNorm2d(out_channels)
        self.卷积二 = nn.Conv2d(out_channels, out_channels, 3, stride[1], 1)
        self.归一一 = nn.BatchNorm2d(out_channels)
        self.卷积一 = nn.Conv2d(in_channels, out_channels, 3, stride[0], 1)

    def forward(self, 输入):
        结果 = F.relu(self.归一一(self.卷积一(输入)))
        结果 = self.归一二(self.卷积二(结果))
        旁路 = self.旁路归一(self.旁路卷积(输入))
        return F.relu(旁路 + 结果)
