# One class with an optional projection serves as both blocks; stages by a helper method.
import torch
from torch import nn


class Residual(nn.Module):
    def __init__(self, in_channels, out_channels, stride, project=None):
        super().__init__()
        s1, s2 = stride if isinstance(stride, (list, tuple)) else (stride, stride)
        project = isinstance(stride, (list, tuple)) if project is None else project
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, s1, 1),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, s2, 1),
            nn.BatchNorm2d(out_channels),
        )
        if project:
            self.shortcut = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, s1), nn.BatchNorm2d(out_channels))
        else:
            self.shortcut = nn.Identity()
        self.final = nn.ReLU()

    def forward(self, x):
        return self.final(self.main(x) + self.shortcut(x))


RestNetBasicBlock = RestNetDownBlock = Residual


class RestNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        self.stage1 = self._make_layer(64, 64, 2, down=False)
        self.stage2 = self._make_layer(64, 128, 2)
        self.stage3 = self._make_layer(128, 256, 2)
        self.stage4 = self._make_layer(256, 512, 2)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))

    def _make_layer(self, in_channels, out_channels, blocks, down=True):
        layers = [Residual(in_channels, out_channels, [2, 1] if down else 1)]
        layers += [Residual(out_channels, out_channels, 1) for _ in range(blocks - 1)]
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.stem(x)
        for i in range(1, 5):
            x = getattr(self, f"stage{i}")(x)
        return self.head(x)
