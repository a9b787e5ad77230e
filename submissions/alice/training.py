# Homework: the six steps of training.   Alice
import matplotlib

matplotlib.use("Agg")  # no windows
import matplotlib.pyplot as plt
import torch
from torch import nn, optim
from torch.utils.data import DataLoader


def make_loaders(train_dataset, test_dataset, batch_size):
    train = DataLoader(train_dataset, batch_size, shuffle=True)
    test = DataLoader(test_dataset, batch_size)
    return train, test


def make_criterion(task):
    losses = {"classification": nn.CrossEntropyLoss, "regression": nn.MSELoss}
    if task not in losses:
        raise ValueError("no loss for " + repr(task))
    return losses[task]()


def make_optimizer(model, name, lr):
    if name == "sgd":
        return optim.SGD(model.parameters(), lr=lr)
    elif name == "adam":
        return optim.Adam(model.parameters(), lr=lr)
    else:
        raise ValueError("no optimizer called " + repr(name))


def train_one_epoch(model, loader, criterion, optimizer, device):
    model = model.to(device)
    model.train()
    loss_sum, seen = 0.0, 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        # the last batch can be smaller, so weigh each with its size
        loss_sum += loss.item() * x.size(0)
        seen += x.size(0)
    return loss_sum / seen


@torch.no_grad()
def evaluate(model, loader, device):
    before = model.training
    model = model.to(device)
    model.eval()
    right, seen = 0, 0
    for x, y in loader:
        guess = model(x.to(device)).argmax(dim=1)
        right += (guess == y.to(device)).sum().item()
        seen += y.size(0)
    model.train(before)  # put it back as it was
    return right / seen


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device):
    history = {"train_loss": [], "test_accuracy": []}
    for epoch in range(1, epochs + 1):
        loss = train_one_epoch(model, train_loader, criterion, optimizer, device)
        accuracy = evaluate(model, test_loader, device)
        print(f"epoch {epoch}: loss {loss:.4f}, accuracy {accuracy:.1%}")
        history["train_loss"].append(loss)
        history["test_accuracy"].append(accuracy)
    return history


def plot_history(history):
    epochs = range(1, len(history["train_loss"]) + 1)
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    left.plot(epochs, history["train_loss"], "o-", color="tab:red")
    left.set_title("loss")
    left.set_xlabel("epoch")
    left.set_ylabel("loss")
    right.plot(epochs, history["test_accuracy"], "o-", color="tab:blue")
    right.set_title("accuracy")
    right.set_xlabel("epoch")
    right.set_ylabel("accuracy")
    right.set_ylim(0, 1)
    fig.tight_layout()
    return fig
