# fails: behaviour
import torch


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device):
    model.to(device)
    model.train()
    train_losses, accuracies = [], []
    for epoch in range(epochs):
        loss_sum, seen = 0.0, 0
        for inputs, targets in train_loader:
            inputs, targets = inputs.to(device), targets.to(device)
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(inputs)
            seen += len(inputs)
        train_losses.append(loss_sum / seen)
        model.eval()
        correct, total = 0, 0
        with torch.no_grad():
            for inputs, targets in test_loader:
                inputs, targets = inputs.to(device), targets.to(device)
                correct += (model(inputs).argmax(1) == targets).sum().item()
                total += len(targets)
        accuracies.append(correct / total)
    model.train()
    return {"train_loss": train_losses, "test_accuracy": accuracies}
