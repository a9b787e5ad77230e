from torch.utils.data import BatchSampler, DataLoader, RandomSampler


def make_loaders(train_dataset, test_dataset, batch_size):
    batches = BatchSampler(RandomSampler(train_dataset), batch_size, drop_last=False)
    return DataLoader(train_dataset, batch_sampler=batches), DataLoader(test_dataset, batch_size)
