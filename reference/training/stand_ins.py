"""What takes a loop's place when the loop around it is judged apart from it (see docs/naming.md).

No solution is given away: a stand-in has the arguments and the kind of result that the exercise asks for, and computes
something else. Whatever it is handed must show, so every argument counts; and what it gives back goes up and down from
call to call, so that the best so far is not the last.
"""

import torch


def train_one_epoch(model, loader, criterion, optimizer, device):
    """In place of one epoch: looks at every batch, then lets the optimizer shrink the parameters once."""
    model.to(device).train()
    losses = []
    with torch.no_grad():
        for inputs, targets in loader:
            losses.append(criterion(model(inputs.to(device)), targets.to(device)).item())
    for parameter in model.parameters():
        parameter.grad = parameter.detach().clone()
    optimizer.step()
    train_one_epoch.calls = getattr(train_one_epoch, "calls", 0) + 1
    return max(losses) + 10 * (train_one_epoch.calls % 2)


def evaluate(model, loader, device):
    """In place of the evaluation: a number between 0 and 1 that changes with the scores."""
    was_training = model.training
    model.to(device).eval()
    with torch.no_grad():
        scores = [model(inputs.to(device)).mean().item() for inputs, _ in loader]
    model.train(was_training)
    evaluate.calls = getattr(evaluate, "calls", 0) + 1
    return min(scores) * 37 % 0.5 + 0.5 * (evaluate.calls % 2)
