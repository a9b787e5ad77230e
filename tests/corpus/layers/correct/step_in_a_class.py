class Stepper:
    def __init__(self, model, criterion, optimizer):
        self.model, self.criterion, self.optimizer = model, criterion, optimizer
        self.loss = None

    def forward(self, inputs, targets):
        self.loss = self.criterion(self.model(inputs), targets)
        return self

    def backward(self):
        self.optimizer.zero_grad()
        self.loss.backward()
        return self

    def update(self):
        self.optimizer.step()
        return self.loss.item()


def training_step(model, criterion, optimizer, inputs, targets):
    return Stepper(model, criterion, optimizer).forward(inputs, targets).backward().update()
