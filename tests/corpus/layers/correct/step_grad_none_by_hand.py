def training_step(model, criterion, optimizer, inputs, targets):
    for parameter in model.parameters():
        parameter.grad = None
    loss = criterion(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.data.item()
