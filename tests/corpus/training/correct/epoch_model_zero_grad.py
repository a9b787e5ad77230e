import numpy as np


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train(True)
    losses, sizes = [], []
    for x, y in loader:
        model.zero_grad(set_to_none=True)
        loss = criterion(model(x.to(device)), y.to(device))
        loss.backward()
        optimizer.step()
        losses.append(loss.detach().cpu().numpy())
        sizes.append(len(x))
    return float(np.average(losses, weights=sizes))
