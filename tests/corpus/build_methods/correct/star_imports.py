from collections import *
from torch import *
from torch.nn import *
from torch.nn.functional import relu, softmax


class Model_Seq(Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.f1 = Linear(in_dim, n_hidden_1)
        self.n1 = BatchNorm1d(n_hidden_1)
        self.f2 = Linear(n_hidden_1, n_hidden_2)
        self.n2 = BatchNorm1d(n_hidden_2)
        self.f3 = Linear(n_hidden_2, out_dim)

    def forward(self, x):
        x = relu(self.n1(self.f1(flatten(x, 1))))
        x = relu(self.n2(self.f2(x)))
        return softmax(self.f3(x), 1)


def build_sequential_args(in_dim, n_hidden, out_dim):
    return Sequential(Flatten(), Linear(in_dim, n_hidden), BatchNorm1d(n_hidden), ReLU(), Linear(n_hidden, out_dim))


def build_sequential_ordered_dict(in_dim, n_hidden, out_dim):
    return Sequential(OrderedDict(
        [("flatten", Flatten()), ("linear1", Linear(in_dim, n_hidden)), ("bn1", BatchNorm1d(n_hidden)), ("relu1", ReLU()),
         ("out", Linear(n_hidden, out_dim))]))
