import torch


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    total, count = 0.0, 0
    for x, y in loader:
        loss = criterion(model(x.to(device)), y.to(device))
        for p, g in zip(parameters, torch.autograd.grad(loss, parameters)):
            p.grad = g
        optimizer.step()
        total += loss.item() * x.size(0)
        count += x.size(0)
    return total / count
