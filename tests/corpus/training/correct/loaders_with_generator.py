# Reproducible, and yet another order in each epoch.
import torch
from torch.utils.data import DataLoader


def make_loaders(train_dataset, test_dataset, batch_size):
    g = torch.Generator()
    g.manual_seed(42)
    train_loader = DataLoader(train_dataset, batch_size=batch_size, shuffle=True, generator=g)
    test_loader = DataLoader(test_dataset, batch_size=batch_size)
    return train_loader, test_loader
