# fails: gradients
def training_step(model, criterion, optimizer, inputs, targets):
    outputs = model(inputs)
    loss = criterion(outputs, targets)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()
