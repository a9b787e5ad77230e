def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    sums = {"loss": 0.0, "samples": 0}
    for (inputs, targets) in loader:
        model.train()
        inputs, targets = inputs.to(device, non_blocking=True), targets.to(device, non_blocking=True)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        correct = (outputs.detach().argmax(1) == targets).float().mean() if outputs.ndim == 2 else None
        loss.backward()
        optimizer.step()
        sums["loss"] += loss.item() * len(inputs)
        sums["samples"] += len(inputs)
    return sums["loss"] / sums["samples"]
