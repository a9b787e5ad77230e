import torch
import torch.utils.data as data


def make_loaders(train_dataset, test_dataset, batch_size):
    options = dict(batch_size=batch_size, num_workers=0, pin_memory=torch.cuda.is_available(), drop_last=False)
    return (
        data.DataLoader(train_dataset, shuffle=True, **options),
        data.DataLoader(test_dataset, shuffle=False, **options),
    )
