# fails: behaviour
import torch
from torch.utils.data import DataLoader


def make_loaders(train_dataset, test_dataset, batch_size):
    n = int(0.8 * len(train_dataset))
    train_dataset, _ = torch.utils.data.random_split(train_dataset, [n, len(train_dataset) - n])
    train_loader = DataLoader(train_dataset, batch_size=batch_size, shuffle=True)
    test_loader = DataLoader(test_dataset, batch_size=batch_size, shuffle=False)
    return train_loader, test_loader
