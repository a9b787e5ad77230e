# A short training run at module level, with prints.
import torch
import torch.nn as nn
import torch.nn.functional as F


class RestNetBasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride, 1)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        print("in", tuple(x.shape))
        a = self.conv1(x)
        b = self.bn1(a)
        c = nn.ReLU()(b)
        d = self.conv2(c)
        e = self.bn2(d)
        f = x + e
        return nn.ReLU()(f)


net = RestNetBasicBlock(4, 4, 1)
opt = torch.optim.Adam(net.parameters())
for step in range(2):
    opt.zero_grad()
    loss = F.mse_loss(net(torch.randn(2, 4, 8, 8)), torch.zeros(2, 4, 8, 8))
    loss.backward()
    opt.step()
    print("step", step, "loss", float(loss))
