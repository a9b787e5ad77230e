# Blocks in a ModuleDict, mean over negative axes, channels-last memory, squeeze of the right axes only.
import torch
import torch.nn as nn


def block(i, o, s):
    return nn.ModuleDict({"a": nn.Conv2d(i, o, 3, s, 1), "b": nn.BatchNorm2d(o), "c": nn.Conv2d(o, o, 3, 1, 1), "d": nn.BatchNorm2d(o)})


def run(parts, x):
    return parts["d"](parts["c"](torch.relu(parts["b"](parts["a"](x)))))


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.parts = block(in_channels, out_channels, stride)

    def forward(self, x):
        x = x.contiguous(memory_format=torch.channels_last)
        return torch.relu(x + run(self.parts, x))


class RestNetDownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        assert len(stride) == 2
        self.parts = block(in_channels, out_channels, stride[0])
        self.skip = nn.ModuleList([nn.Conv2d(in_channels, out_channels, kernel_size=(1, 1), stride=stride[0], padding="valid"),
                                   nn.BatchNorm2d(out_channels)])

    def forward(self, x):
        skip = x
        for layer in self.skip:
            skip = layer(skip)
        return torch.relu(skip + run(self.parts, x))


class RestNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.ModuleDict({
            "stem": nn.Sequential(nn.Conv2d(3, 64, (7, 7), (2, 2), (3, 3)), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d((3, 3), (2, 2), (1, 1))),
            "1": nn.Sequential(*[RestNetBasicBlock(64, 64, 1) for _ in range(2)]),
        })
        for i, c in enumerate([64, 128, 256], start=2):
            self.net[str(i)] = nn.Sequential(RestNetDownBlock(c, 2 * c, [2, 1]), RestNetBasicBlock(2 * c, 2 * c, 1))
        self.net["fc"] = nn.Linear(512, 10)

    def forward(self, x):
        for name, part in self.net.items():
            if name == "fc":
                x = x.mean((-2, -1), keepdim=True).squeeze(-1).squeeze(-1)
            x = part(x)
        return x
