import contextlib

import torch


@contextlib.contextmanager
def measuring(model):
    """Eval mode inside, every module as it was outside."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        for module, mode in modes.items():
            module.training = mode


def evaluate(model, loader, device):
    correct = total = 0
    with measuring(model.to(device)):
        for images, labels in loader:
            best = model(images.to(device)).topk(1, dim=1).indices.squeeze(1)
            correct += int((best == labels.to(device)).sum())
            total += len(labels)
    return correct / total
