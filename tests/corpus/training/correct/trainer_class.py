import torch


class Trainer:
    def __init__(self, model, device, criterion=None, optimizer=None):
        self.model, self.device = model.to(device), device
        self.criterion, self.optimizer = criterion, optimizer
        self.history = {"train_loss": [], "test_accuracy": []}

    def batches(self, loader):
        for x, y in loader:
            yield x.to(self.device), y.to(self.device)

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item() * len(x)

    def epoch(self, loader):
        self.model.train()
        sums = [(self.step(x, y), len(x)) for x, y in self.batches(loader)]
        return sum(s for s, _ in sums) / sum(n for _, n in sums)

    @torch.no_grad()
    def accuracy(self, loader):
        before = self.model.training
        self.model.eval()
        hits = torch.cat([self.model(x).argmax(1) == y for x, y in self.batches(loader)])
        self.model.train(before)
        return hits.double().mean().item()

    def run(self, train_loader, test_loader, epochs):
        while len(self.history["train_loss"]) < epochs:
            self.history["train_loss"].append(self.epoch(train_loader))
            self.history["test_accuracy"].append(self.accuracy(test_loader))
        return self.history


def train_one_epoch(model, loader, criterion, optimizer, device):
    return Trainer(model, device, criterion, optimizer).epoch(loader)


def evaluate(model, loader, device):
    return Trainer(model, device).accuracy(loader)


def fit(model, train_loader, test_loader, criterion, optimizer, epochs, device):
    return Trainer(model, device, criterion, optimizer).run(train_loader, test_loader, epochs)
