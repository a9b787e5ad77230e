import torch


def evaluate(model, loader, device):
    mode, grad = model.training, torch.is_grad_enabled()
    model.to(device)
    model.eval()
    torch.set_grad_enabled(False)
    correct, total = torch.tensor(0), torch.tensor(0)
    for x, y in loader:
        pred = model(x.to(device)).argsort(dim=1, descending=True)[:, 0]
        correct += torch.eq(pred, y.to(device)).sum().cpu()
        total += y.shape[0]
    torch.set_grad_enabled(grad)
    model.train(mode)
    return correct.item() / total.item()
