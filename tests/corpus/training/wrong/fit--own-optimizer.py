# fails: behaviour
import torch


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device).train()
    total = count = 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total, count = total + loss.item() * len(x), count + len(x)
    return total / count


@torch.no_grad()
def evaluate(model, loader, device):
    mode = model.training
    model.to(device).eval()
    hits = count = 0
    for x, y in loader:
        hits += (model(x.to(device)).argmax(1) == y.to(device)).sum().item()
        count += len(y)
    model.train(mode)
    return hits / count


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device):
    optimizer = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]["lr"])
    history = {"train_loss": [], "test_accuracy": []}
    for _ in range(epochs):
        history["train_loss"].append(train_one_epoch(model, train_loader, criterion, optimizer, device))
        history["test_accuracy"].append(evaluate(model, test_loader, device))
    return history
