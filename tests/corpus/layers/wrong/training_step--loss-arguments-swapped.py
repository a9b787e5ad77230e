# fails: behaviour
def training_step(model, criterion, optimizer, inputs, targets):
    optimizer.zero_grad()
    outputs = model(inputs)
    loss = criterion(targets, outputs)
    loss.backward()
    optimizer.step()
    return loss.item()
