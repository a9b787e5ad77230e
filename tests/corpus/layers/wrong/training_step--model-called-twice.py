# fails: behaviour
def training_step(model, criterion, optimizer, inputs, targets):
    optimizer.zero_grad()
    criterion(model(inputs), targets).backward()
    loss = criterion(model(inputs), targets).item()
    optimizer.step()
    return loss
