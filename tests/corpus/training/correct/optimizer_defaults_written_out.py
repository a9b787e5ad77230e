import torch.optim


def make_optimizer(model, name, lr):
    params = list(model.parameters())
    print(sum(p.numel() for p in params), "numbers to learn")
    if name == "sgd":
        return torch.optim.SGD(params, lr=lr, momentum=0, dampening=0, weight_decay=0, nesterov=False, foreach=None)
    if name == "adam":
        return torch.optim.Adam(params, lr=lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, fused=None)
    raise ValueError("name is 'sgd' or 'adam', not %r" % (name,))
