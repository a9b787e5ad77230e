# fails: behaviour
import torch


@torch.no_grad()
def evaluate(model, loader, device):
    mode = model.training
    model.to(device).eval()
    hits = count = 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        x = x + 0.01 * torch.randn_like(x)
        hits += (model(x).argmax(1) == y).sum().item()
        count += len(y)
    model.train(mode)
    return hits / count
