import torch.nn.functional as F


def conv_relu_pool(x, weight, bias):
    out = F.conv2d(x, weight, stride=(1, 1), padding=1) + bias.view(1, -1, 1, 1)
    out = F.relu(out, inplace=True)
    return F.max_pool2d(out, kernel_size=2, stride=2, padding=0, ceil_mode=False)
