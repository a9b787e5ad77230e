# fails: device
import torch


@torch.no_grad()
def evaluate(model, loader, device):
    mode = model.training
    model.eval()
    hits = count = 0
    for x, y in loader:
        hits += (model(x.to(device)).argmax(1) == y.to(device)).sum().item()
        count += len(y)
    model.train(mode)
    return hits / count
