def training_step(model, criterion, optimizer, inputs, targets):
    def closure():
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        return loss

    return optimizer.step(closure).item()
