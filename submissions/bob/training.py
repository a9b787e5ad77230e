import torch
import torch.nn as nn
import torch.optim as optim
import matplotlib.pyplot as plt
from torch.utils.data import DataLoader


def make_loaders(train_dataset, test_dataset, batch_size):
    train_loader = DataLoader(train_dataset, batch_size=batch_size, shuffle=False)
    test_loader = DataLoader(test_dataset, batch_size=batch_size, shuffle=False)
    return train_loader, test_loader


def make_criterion(task):
    if task == 'classification':
        return nn.CrossEntropyLoss()
    elif task == 'regression':
        return nn.MSELoss()
    else:
        raise ValueError('unknown task')


def make_optimizer(model, name, lr):
    if name == 'sgd':
        return optim.SGD(model.parameters(), lr=lr)
    elif name == 'adam':
        return optim.Adam(model.parameters(), lr=lr)
    else:
        raise ValueError('unknown optimizer')


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    train_loss = 0.0
    num = 0
    for inputs, labels in loader:
        inputs = inputs.to(device)
        labels = labels.to(device)
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * inputs.size(0)
        num += inputs.size(0)
    return train_loss / num


def evaluate(model, loader, device):
    model.to(device)
    correct = 0.0
    with torch.no_grad():
        for inputs, labels in loader:
            inputs = inputs.to(device)
            labels = labels.to(device)
            outputs = model(inputs)
            _, pred = outputs.max(1)
            correct += (pred == labels).sum().item()
    return correct / len(loader)


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device):
    history = {'train_loss': [], 'test_accuracy': []}
    for epoch in range(epochs):
        train_loss = train_one_epoch(model, train_loader, criterion, optimizer, device)
        test_acc = evaluate(model, test_loader, device)
        history['train_loss'].append(train_loss)
        history['test_accuracy'].append(test_acc)
    return history


def plot_history(history):
    epochs = range(1, len(history['train_loss']) + 1)
    fig = plt.figure(figsize=(10, 4))
    plt.subplot(1, 2, 1)
    plt.plot(epochs, history['train_loss'])
    plt.title('train loss')
    plt.xlabel('epoch')
    plt.ylabel('loss')
    plt.subplot(1, 2, 2)
    plt.plot(epochs, history['test_accuracy'])
    plt.title('test accuracy')
    plt.xlabel('epoch')
    plt.ylabel('accuracy')
    return fig
