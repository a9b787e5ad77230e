# Homework: layers, as modules and as functions.   Alice
import torch
import torch.nn.functional as F
from torch import nn


def linear_module(in_features, out_features):
    return nn.Linear(in_features, out_features)


def linear_functional(x, weight, bias):
    return F.linear(x, weight, bias)


class FunctionalLinear(nn.Module):
    """What nn.Linear does inside, more or less."""

    def __init__(self, in_features, out_features):
        super().__init__()
        # (out, in), not (in, out)!
        self.w = nn.Parameter(torch.randn(out_features, in_features) / in_features**0.5)
        self.b = nn.Parameter(torch.zeros(out_features))

    def forward(self, x):
        return linear_functional(x, self.w, self.b)


class FunctionalDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        # the function cannot know the mode, so I tell it
        return F.dropout(x, p=self.p, training=self.training)


def conv_relu_pool(x, weight, bias):
    h = F.relu(F.conv2d(x, weight, bias, padding=1))
    return F.max_pool2d(h, 2)


def training_step(model, criterion, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = criterion(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()


ones = torch.ones(1000)
drop = FunctionalDropout(0.25)
print("zeros in train mode:", (drop(ones) == 0).sum().item(), "of 1000, should be around 250")
print("zeros in eval mode:", (drop.eval()(ones) == 0).sum().item())

if __name__ == "__main__":
    print(conv_relu_pool(torch.randn(2, 3, 9, 6), torch.randn(4, 3, 3, 3), torch.zeros(4)).shape)  # 2, 4, 4, 3
