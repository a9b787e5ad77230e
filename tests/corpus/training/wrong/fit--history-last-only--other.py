# fails: behaviour
import torch


def train_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    total_loss, total = 0.0, 0
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(inputs)
        total += len(inputs)
    return total_loss / total


def accuracy_of(model, loader, device):
    was_training = model.training
    model.to(device)
    model.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for inputs, targets in loader:
            predicted = model(inputs.to(device)).argmax(dim=1)
            correct += (predicted == targets.to(device)).sum().item()
            total += len(targets)
    model.train(was_training)
    return correct / total


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device):
    for epoch in range(epochs):
        history = {"train_loss": [], "test_accuracy": []}
        loss = train_epoch(model, train_loader, criterion, optimizer, device)
        accuracy = accuracy_of(model, test_loader, device)
        history["train_loss"].append(loss)
        history["test_accuracy"].append(accuracy)
    return history
