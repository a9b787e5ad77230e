# fails: forward
import torch.nn as nn
import torch.nn.functional as F


def conv_relu_pool(x, weight, bias):
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
    x = conv(x)
    x = F.relu(x)
    x = F.max_pool2d(x, 2)
    return x
