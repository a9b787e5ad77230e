import torch


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device).train()
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        (loss := criterion(model(x.to(device)), y.to(device))).backward()
        optimizer.step()
        total += loss.item() * len(x)
    return total / len(loader.dataset)


@torch.inference_mode()
def evaluate(model, loader, device):
    mode = model.training
    model.to(device).eval()
    correct = sum((model(x.to(device)).argmax(1) == y.to(device)).sum().item() for x, y in loader)
    model.train(mode)
    return correct / len(loader.dataset)


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device):
    rounds = [
        (train_one_epoch(model, train_loader, criterion, optimizer, device), evaluate(model, test_loader, device))
        for _ in range(epochs)
    ]
    return {"train_loss": [loss for loss, _ in rounds], "test_accuracy": [accuracy for _, accuracy in rounds]}
