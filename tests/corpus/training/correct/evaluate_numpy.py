import numpy as np
import torch


def evaluate(model, loader, device):
    was_training = model.training
    model.eval()
    model.to(device)
    guesses, truths = [], []
    with torch.no_grad():
        for x, y in loader:
            guesses.append(model(x.to(device)).cpu().numpy().argmax(axis=1))
            truths.append(y.numpy())
    model.train() if was_training else model.eval()
    return float((np.concatenate(guesses) == np.concatenate(truths)).mean())
