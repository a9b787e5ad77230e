# fails: gradients
import torch.nn.functional as F


def training_step(model, criterion, optimizer, inputs, targets):
    optimizer.zero_grad()
    outputs = model(inputs)
    loss = F.cross_entropy(outputs, targets, label_smoothing=0.1)
    loss.backward()
    optimizer.step()
    return loss.item()
