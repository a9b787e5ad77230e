import torch


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    total = torch.zeros((), dtype=torch.float64)
    count = 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x.to(device)), y.to(device))
        torch.autograd.backward(loss)
        optimizer.step()
        total += loss.detach().cpu() * y.shape[0]
        count += y.shape[0]
    return (total / count).item()
