# The same loop trains and evaluates; the phase decides.
import torch


def run(model, loader, device, criterion=None, optimizer=None):
    phase = "train" if optimizer is not None else "test"
    mode = model.training
    model.to(device)
    model.train(phase == "train")
    loss_sum, correct, n = 0.0, 0, 0
    with torch.set_grad_enabled(phase == "train"):
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            out = model(x)
            if phase == "train":
                loss = criterion(out, y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                loss_sum += loss.item() * len(x)
            else:
                correct += out.argmax(-1).eq(y).sum().item()
            n += len(x)
    if phase == "test":
        model.train(mode)
    return loss_sum / n if phase == "train" else correct / n


def train_one_epoch(model, loader, criterion, optimizer, device):
    return run(model, loader, device, criterion, optimizer)


def evaluate(model, loader, device):
    return run(model, loader, device)
