# fails: behaviour
import torch
from torch.utils.data import DataLoader


def make_loaders(train_dataset, test_dataset, batch_size):
    order = torch.randperm(len(train_dataset)).tolist()
    train_dataset = torch.utils.data.Subset(train_dataset, order)
    train_loader = DataLoader(train_dataset, batch_size=batch_size)
    test_loader = DataLoader(test_dataset, batch_size=batch_size, shuffle=False)
    return train_loader, test_loader
