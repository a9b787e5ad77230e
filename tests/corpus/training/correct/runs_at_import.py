# A whole small training run, its plot and its prints at module level; everything is called by its full name.
import torch
import torch.nn
import torch.nn.functional
import torch.utils.data


def make_loaders(train_dataset, test_dataset, batch_size):
    return tuple(
        torch.utils.data.DataLoader(dataset, batch_size=batch_size, shuffle=shuffle)
        for dataset, shuffle in ((train_dataset, True), (test_dataset, False))
    )


def make_criterion(task):
    if task == "regression":
        return torch.nn.MSELoss()
    if task == "classification":
        return torch.nn.CrossEntropyLoss()
    raise ValueError(task)


def make_optimizer(model, name, lr):
    if name not in ["sgd", "adam"]:
        raise ValueError(name)
    return (torch.optim.Adam if name == "adam" else torch.optim.SGD)(model.parameters(), lr=lr)


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    total = 0.0
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        total += loss.item() * inputs.shape[0]
    return total / len(loader.dataset)


def evaluate(model, loader, device):
    mode = model.training
    model.to(device)
    model.eval()
    correct = 0
    with torch.no_grad():
        for inputs, targets in loader:
            correct += (model(inputs.to(device)).argmax(dim=1) == targets.to(device)).sum().item()
    model.train(mode)
    return correct / len(loader.dataset)


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device):
    history = {"test_accuracy": [], "train_loss": []}
    for _ in range(epochs):
        history["train_loss"] += [train_one_epoch(model, train_loader, criterion, optimizer, device)]
        history["test_accuracy"] += [evaluate(model, test_loader, device)]
    return history


torch.manual_seed(2)
x = torch.randn(60, 4)
y = (x.sum(dim=1) > 0).long()
train_set, test_set = torch.utils.data.random_split(torch.utils.data.TensorDataset(x, y), [40, 20])
train_loader, test_loader = make_loaders(train_set, test_set, 16)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
history = fit(model, train_loader, test_loader, make_criterion("classification"), make_optimizer(model, "adam", 0.01), 3, "cpu")
print(history)
