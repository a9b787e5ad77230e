def moved(loader, device):
    for inputs, targets in loader:
        yield inputs.to(device), targets.to(device)


def updates(model, loader, criterion, optimizer, device):
    for inputs, targets in moved(loader, device):
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        yield loss.item(), len(targets)


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    losses, sizes = zip(*updates(model, loader, criterion, optimizer, device))
    return sum(a * b for a, b in zip(losses, sizes)) / sum(sizes)
