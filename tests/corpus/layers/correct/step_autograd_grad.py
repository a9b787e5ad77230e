import torch


def training_step(model, criterion, optimizer, inputs, targets):
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    loss = criterion(model(inputs), targets)
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True)):
        parameter.grad = gradient
    optimizer.step()
    return loss.item()
