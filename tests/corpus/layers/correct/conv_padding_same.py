import torch.nn.functional as F


def conv_relu_pool(x, weight, bias):
    x = F.conv2d(x, weight, bias, padding="same")
    F.relu_(x)
    x, _ = F.max_pool2d(x, 2, return_indices=True)
    return x
