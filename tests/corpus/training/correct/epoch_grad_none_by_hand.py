def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    pairs = []
    for i, (x, y) in enumerate(loader, start=1):
        for p in model.parameters():
            p.grad = None
        loss = criterion(model(x.to(device)), y.to(device))
        loss.backward()
        optimizer.step()
        pairs.append((loss.item(), len(x)))
        if i % 10 == 0:
            print(f"batch {i}: {loss.item():.3f}", end="\r")
    return sum(loss * n for loss, n in pairs) / sum(n for _, n in pairs)
