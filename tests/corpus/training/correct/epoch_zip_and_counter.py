import itertools


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    mean, seen = 0.0, 0
    for step, (x, y) in zip(itertools.count(), loader):
        assert step < len(loader)
        optimizer.zero_grad()
        loss = criterion(model(x.to(device)), y.to(device))
        loss.backward()
        optimizer.step()
        seen += len(x)
        mean += (loss.item() - mean) * len(x) / seen  # a running mean over samples
    return mean
