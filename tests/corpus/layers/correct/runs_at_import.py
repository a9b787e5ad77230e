# Seeds, a figure of speech and a short training at module level; the same name defined twice, the last one right.
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(123)


class FunctionalDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return F.dropout(x, self.p)


def training_step(model, criterion, optimizer, inputs, targets):
    optimizer.zero_grad()
    if (loss := criterion(model(inputs), targets)).requires_grad:
        loss.backward()
        optimizer.step()
    return loss.item()


net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
sgd = torch.optim.SGD(net.parameters(), lr=0.1)
data, labels = torch.randn(16, 3), torch.randint(0, 2, (16,))
for i in range(5):
    print(i, training_step(net, nn.CrossEntropyLoss(), sgd, data, labels))


class FunctionalDropout(nn.Module):  # now with the mode
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return F.dropout(x, self.p, self.training)


if __name__ == "__main__":
    raise SystemExit("nothing to see here")
