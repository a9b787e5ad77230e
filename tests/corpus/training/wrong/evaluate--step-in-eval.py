# fails: behaviour
import torch
import torch.nn as nn


def evaluate(model, loader, device):
    was_training = model.training
    model.to(device)
    model.eval()
    correct = 0
    total = 0
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        outputs = model(inputs)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        optimizer.zero_grad()
        nn.functional.cross_entropy(outputs, targets).backward()
        optimizer.step()
        predicted = outputs.argmax(dim=1)
        correct += (predicted == targets).sum().item()
        total += targets.size(0)
    model.train(was_training)
    return correct / total
