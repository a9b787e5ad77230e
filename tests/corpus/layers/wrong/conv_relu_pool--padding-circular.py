# fails: forward
import torch.nn.functional as F


def conv_relu_pool(x, weight, bias):
    x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="circular"), weight, bias)
    x = F.relu(x)
    x = F.max_pool2d(x, 2)
    return x
