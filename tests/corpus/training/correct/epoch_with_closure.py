def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    total = count = 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)

        def closure():
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            return loss

        total += optimizer.step(closure).item() * len(x)
        count += len(x)
    return total / count
