from torch.utils.data import DataLoader, RandomSampler, SequentialSampler


def make_loaders(train_dataset, test_dataset, batch_size):
    train = DataLoader(train_dataset, batch_size, sampler=RandomSampler(train_dataset))
    test = DataLoader(test_dataset, batch_size, sampler=SequentialSampler(test_dataset))
    return train, test
