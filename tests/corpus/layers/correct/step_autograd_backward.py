import torch


def training_step(model, criterion, optimizer, inputs, targets):
    optimizer.zero_grad(True)
    with torch.enable_grad():
        loss = criterion(model(inputs), targets)
        torch.autograd.backward([loss])
    optimizer.step()
    with torch.no_grad():
        return loss.item()
