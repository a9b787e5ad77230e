# Softmax changes the scores, not which one is the largest; means of batches are weighted with their sizes.
import torch


def accuracy(outputs, targets):
    probabilities = torch.softmax(outputs, dim=1)
    return torch.mean((torch.max(probabilities, dim=1).indices == targets).double()).item()


def evaluate(model, loader, device):
    training = model.training
    model = model.to(device)
    model.eval()
    total, weight = 0.0, 0
    for x, y in loader:
        with torch.no_grad():
            total += accuracy(model(x.to(device)), y.to(device)) * len(y)
        weight += len(y)
    model.train(mode=training)
    return total / weight
