# fails: behaviour
import torch


def evaluate(model, loader, device):
    mode = model.training
    model.to(device).eval()
    torch.set_grad_enabled(False)
    hits = count = 0
    for x, y in loader:
        hits += (model(x.to(device)).argmax(1) == y.to(device)).sum().item()
        count += len(y)
    model.train(mode)
    return hits / count
