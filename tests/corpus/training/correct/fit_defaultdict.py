import time
from collections import defaultdict

import torch


def _train(model, loader, criterion, optimizer, device):
    model.train()
    total, n = 0.0, 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total, n = total + loss.item() * len(x), n + len(x)
    return total / n


@torch.no_grad()
def _test(model, loader, device):
    model.eval()
    correct, n = 0, 0
    for x, y in loader:
        correct, n = correct + (model(x.to(device)).argmax(1).cpu() == y).sum().item(), n + len(x)
    return correct / n


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device="cpu"):
    history = defaultdict(list)
    model.to(device)
    epoch = 0
    while epoch < epochs:
        started = time.perf_counter()
        history["train_loss"].append(_train(model, train_loader, criterion, optimizer, device))
        history["test_accuracy"].append(_test(model, test_loader, device))
        epoch += 1
        print("epoch", epoch, "took", round(time.perf_counter() - started, 3), "s")
    return dict(history)
