def train_one_epoch(model, loader, criterion, optimizer, device):
    model = model.to(device).train()
    total, n = 0.0, 0
    for batch in loader:
        x, y = (t.to(device) for t in batch)
        loss = criterion(model(x), y)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
        total += loss.item() * x.shape[0]
        n += x.shape[0]
    return total / n
