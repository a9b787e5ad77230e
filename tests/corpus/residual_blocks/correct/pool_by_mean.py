# Global pooling by mean, stages in a ModuleList, names of our own, custom initial weights, a seed.
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.c1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1)
        self.n1 = nn.BatchNorm2d(out_channels)
        self.c2 = nn.Conv2d(out_channels, out_channels, 3, stride, 1)
        self.n2 = nn.BatchNorm2d(out_channels)
        nn.init.zeros_(self.n2.weight)  # starts as the identity

    def forward(self, x):
        return F.relu(x + self.n2(self.c2(F.relu(self.n1(self.c1(x))))))


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        s1, s2 = stride
        self.c1 = nn.Conv2d(in_channels, out_channels, 3, s1, 1)
        self.n1 = nn.BatchNorm2d(out_channels)
        self.c2 = nn.Conv2d(out_channels, out_channels, 3, s2, 1)
        self.n2 = nn.BatchNorm2d(out_channels)
        self.cs = nn.Conv2d(in_channels, out_channels, 1, s1)
        self.ns = nn.BatchNorm2d(out_channels)
        nn.init.zeros_(self.n2.weight)

    def forward(self, x):
        return F.relu(self.ns(self.cs(x)) + self.n2(self.c2(F.relu(self.n1(self.c1(x))))))


class RestNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.classifier = nn.Linear(512, 10)
        self.stages = nn.ModuleList([nn.Sequential(RestNetBasicBlock(64, 64, 1), RestNetBasicBlock(64, 64, 1))])
        for c in (128, 256, 512):
            self.stages.append(nn.Sequential(RestNetDownBlock(c // 2, c, [2, 1]), RestNetBasicBlock(c, c, 1)))
        self.stem_norm = nn.BatchNorm2d(64)
        self.stem = nn.Conv2d(3, 64, 7, 2, 3)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images):
        x = F.relu(self.stem_norm(self.stem(images)))
        x = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)
        for stage in self.stages:
            x = stage(x)
        return self.classifier(x.mean([2, 3]))
