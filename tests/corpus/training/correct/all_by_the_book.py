import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader


def make_loaders(train_dataset, test_dataset, batch_size):
    train_loader = DataLoader(train_dataset, batch_size=batch_size, shuffle=True)
    test_loader = DataLoader(test_dataset, batch_size=batch_size, shuffle=False)
    return train_loader, test_loader


def make_criterion(task):
    if task == "classification":
        return nn.CrossEntropyLoss()
    elif task == "regression":
        return nn.MSELoss()
    else:
        raise ValueError("unknown task")


def make_optimizer(model, name, lr):
    if name == "sgd":
        return optim.SGD(model.parameters(), lr=lr)
    elif name == "adam":
        return optim.Adam(model.parameters(), lr=lr)
    else:
        raise ValueError("unknown optimizer")


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    running_loss = 0.0
    for inputs, labels in loader:
        inputs = inputs.to(device)
        labels = labels.to(device)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item() * inputs.size(0)
    return running_loss / len(loader.dataset)


def evaluate(model, loader, device):
    was_training = model.training
    model.to(device)
    model.eval()
    correct = 0
    with torch.no_grad():
        for inputs, labels in loader:
            inputs = inputs.to(device)
            labels = labels.to(device)
            outputs = model(inputs)
            _, predicted = torch.max(outputs, 1)
            correct += (predicted == labels).sum().item()
    if was_training:
        model.train()
    return correct / len(loader.dataset)


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device):
    history = {"train_loss": [], "test_accuracy": []}
    for epoch in range(epochs):
        train_loss = train_one_epoch(model, train_loader, criterion, optimizer, device)
        test_accuracy = evaluate(model, test_loader, device)
        history["train_loss"].append(train_loss)
        history["test_accuracy"].append(test_accuracy)
        print("Epoch {}/{}: loss {:.4f}, accuracy {:.2f}%".format(epoch + 1, epochs, train_loss, 100 * test_accuracy))
    return history


def plot_history(history):
    epochs = range(1, len(history["train_loss"]) + 1)
    fig = plt.figure(figsize=(12, 4))
    plt.subplot(1, 2, 1)
    plt.plot(epochs, history["train_loss"], "b-", label="train loss")
    plt.xlabel("epoch")
    plt.ylabel("loss")
    plt.title("Loss")
    plt.legend()
    plt.subplot(1, 2, 2)
    plt.plot(epochs, history["test_accuracy"], "r-", label="test accuracy")
    plt.xlabel("epoch")
    plt.ylabel("accuracy")
    plt.title("Accuracy")
    plt.legend()
    plt.close(fig)
    return fig
