def training_step(model, criterion, optimizer, inputs, targets):
    model.train()
    model.zero_grad()
    loss = criterion(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.tolist()
