# fails: gradients
def training_step(model, criterion, optimizer, inputs, targets):
    optimizer.zero_grad()
    outputs = model(inputs)
    loss = criterion(outputs, targets)
    loss.backward()
    for p in model.parameters():
        p = p - 0.1 * p.grad
    return loss.item()
