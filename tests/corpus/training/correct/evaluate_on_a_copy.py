# The copy is measured; the model itself is never touched.
import copy

import torch


def evaluate(model, loader, device):
    twin = copy.deepcopy(model).to(device).eval()
    with torch.no_grad():
        hits = sum((twin(x.to(device)).argmax(1) == y.to(device)).sum().item() for x, y in loader)
    return hits / len(loader.dataset)
