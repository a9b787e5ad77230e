def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    total, count = 0.0, 0
    batches = iter(loader)
    while True:
        try:
            x, y = next(batches)
        except StopIteration:
            break
        optimizer.zero_grad()
        loss = criterion(model(x.to(device)), y.to(device))
        loss.backward(retain_graph=True)
        optimizer.step()
        total += loss.item() * x.size(0)
        count += x.size(0)
    return total / count
