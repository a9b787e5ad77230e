import torch


@torch.no_grad()
def evaluate(model, loader, device):
    mode = model.training
    model.to(device).eval()
    right, n = 0, 0
    for x, y in loader:
        right += model(x.to(device)).max(1)[1].eq(y.to(device)).sum().item()
        n += y.size(0)
    model.train(mode)
    return right / n
