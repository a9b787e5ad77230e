# fails: gradients
import torch


def linear_functional(x, weight, bias):
    out = x.detach().cpu().numpy() @ weight.detach().cpu().numpy().T + bias.detach().cpu().numpy()
    return torch.from_numpy(out).to(x.device)
