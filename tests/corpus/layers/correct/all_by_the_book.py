import torch
import torch.nn as nn
import torch.nn.functional as F


def linear_module(in_features, out_features):
    return nn.Linear(in_features, out_features)


def linear_functional(x, weight, bias):
    return F.linear(x, weight, bias)


class FunctionalLinear(nn.Module):
    def __init__(self, in_features, out_features):
        super(FunctionalLinear, self).__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features))
        self.bias = nn.Parameter(torch.randn(out_features))

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class FunctionalDropout(nn.Module):
    def __init__(self, p):
        super(FunctionalDropout, self).__init__()
        self.p = p

    def forward(self, x):
        return F.dropout(x, p=self.p, training=self.training)


def conv_relu_pool(x, weight, bias):
    x = F.conv2d(x, weight, bias, stride=1, padding=1)
    x = F.relu(x)
    x = F.max_pool2d(x, kernel_size=2, stride=2)
    return x


def training_step(model, criterion, optimizer, inputs, targets):
    outputs = model(inputs)
    loss = criterion(outputs, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
