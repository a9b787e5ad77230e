# Dataclass configuration, type hints, asserts, prints, extra buffers.
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


@dataclass
class Stage:
    width: int
    down: bool = True


@dataclass
class Config:
    stages: list[Stage] = field(default_factory=lambda: [Stage(64, False), Stage(128), Stage(256), Stage(512)])
    classes: int = 10


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        assert in_channels == out_channels, "the shortcut has no projection"
        self.conv1: nn.Conv2d = nn.Conv2d(in_channels=in_channels, out_channels=out_channels, kernel_size=3, stride=stride, padding=1, bias=True)
        self.bn1: nn.BatchNorm2d = nn.BatchNorm2d(num_features=out_channels, eps=1e-5, momentum=0.1)
        self.conv2: nn.Conv2d = nn.Conv2d(in_channels=out_channels, out_channels=out_channels, kernel_size=3, stride=stride, padding=1, bias=True)
        self.bn2: nn.BatchNorm2d = nn.BatchNorm2d(num_features=out_channels, eps=1e-5, momentum=0.1)

    def forward(self, inputs: Tensor) -> Tensor:
        residual: Tensor = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(inputs)))))
        assert residual.shape == inputs.shape
        return torch.relu(inputs + residual)


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, stride: Sequence[int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride[0], padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride=stride[1], padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.extra = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride=stride[0]), nn.BatchNorm2d(out_channels))
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))

    def forward(self, inputs: Tensor) -> Tensor:
        main = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(inputs)))))
        side = self.extra(inputs)
        assert main.shape == side.shape, (main.shape, side.shape)
        return torch.relu(main + side)


class RestNet18(nn.Module):
    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        config = config or Config()
        width = config.stages[0].width
        self.stem = nn.Sequential(nn.Conv2d(3, width, 7, 2, 3), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        stages = []
        for stage in config.stages:
            first = RestNetDownBlock(width, stage.width, [2, 1]) if stage.down else RestNetBasicBlock(width, stage.width, 1)
            stages.append(nn.Sequential(first, RestNetBasicBlock(stage.width, stage.width, 1)))
            width = stage.width
        self.stages = nn.Sequential(*stages)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(width, config.classes)
        print("stages:", len(stages))

    def forward(self, images: Tensor) -> Tensor:
        assert images.dim() == 4 and images.shape[1] == 3
        features = self.stages(self.stem(images))
        return self.classifier(torch.flatten(self.pool(features), start_dim=1))
