# fails: behaviour
import torch
from torch.utils.data import DataLoader


def make_loaders(train_dataset, test_dataset, batch_size):
    sampler = torch.utils.data.RandomSampler(train_dataset, replacement=True)
    train_loader = DataLoader(train_dataset, batch_size=batch_size, sampler=sampler)
    test_loader = DataLoader(test_dataset, batch_size=batch_size, shuffle=False)
    return train_loader, test_loader
