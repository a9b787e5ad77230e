# The random order comes from a sampler over all indices; the batches are put together by our own function.
import torch
from torch.utils.data import DataLoader, SubsetRandomSampler


def stack(samples):
    inputs, targets = zip(*samples)
    return torch.stack([torch.as_tensor(x) for x in inputs]), torch.stack([torch.as_tensor(y) for y in targets])


def loader(dataset, batch_size, random):
    sampler = SubsetRandomSampler(range(len(dataset))) if random else None
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler, collate_fn=stack)


def make_loaders(train_dataset, test_dataset, batch_size):
    return loader(train_dataset, batch_size, True), loader(test_dataset, batch_size, False)
