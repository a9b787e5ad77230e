def train_one_epoch(model, loader, criterion, optimizer, device):
    model.train()
    model.to(device)
    optimizer.zero_grad()
    total, n = 0.0, 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += float(loss) * len(y)
        n += len(y)
    return total / n
