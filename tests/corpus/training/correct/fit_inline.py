import torch


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device):
    model.to(device)
    train_loss, test_accuracy = [], []
    for epoch in range(1, epochs + 1):
        model.train()
        total, n = 0.0, 0
        for x, y in train_loader:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
            n += len(x)
        train_loss.append(total / n)

        model.eval()
        correct, n = 0, 0
        with torch.no_grad():
            for x, y in test_loader:
                x, y = x.to(device), y.to(device)
                correct += (model(x).argmax(1) == y).sum().item()
                n += len(x)
        test_accuracy.append(correct / n)
        print(f"{epoch:3d} {train_loss[-1]:.4f} {test_accuracy[-1]:.2%}")
    return {"train_loss": train_loss, "test_accuracy": test_accuracy}
