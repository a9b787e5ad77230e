"""What takes a loop's place when the loop around it is judged apart from it (see docs/naming.md).

No solution is given away: a stand-in has the arguments and the kind of result that the exercise asks for, and computes
something else. Whatever it is handed must show, so every argument counts.
"""

import torch


def train_one_epoch(model, loader, criterion, optimizer, device):
    """In place of one epoch: looks at every batch, then shrinks the parameters by the learning rate."""
    model.to(device).train()
    losses = []
    with torch.no_grad():
        for inputs, targets in loader:
            losses.append(criterion(model(inputs.to(device)), targets.to(device)).item())
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.mul_(1 - group["lr"])
    return max(losses)


def evaluate(model, loader, device):
    """In place of the evaluation: the lowest mean score of a batch, after the sigmoid."""
    was_training = model.training
    model.to(device).eval()
    with torch.no_grad():
        shares = [model(inputs.to(device)).sigmoid().mean().item() for inputs, _ in loader]
    model.train(was_training)
    return min(shares)
