def training_step(model, criterion, optimizer, inputs, targets):
    out = model(inputs)
    loss = criterion(out, targets)
    value = loss.detach().cpu().item()
    optimizer.zero_grad(set_to_none=False)
    loss.backward(retain_graph=True)
    optimizer.step()
    return value
