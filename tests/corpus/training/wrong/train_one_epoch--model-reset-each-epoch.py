# fails: behaviour
def train_one_epoch(model, loader, criterion, optimizer, device):
    model.to(device)
    model.train()
    total_loss = 0.0
    total = 0
    for layer in model.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * inputs.size(0)
        total += inputs.size(0)
    return total_loss / total
