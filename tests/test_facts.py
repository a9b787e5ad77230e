"""Facts from the source: each is seen where it is written, and not beside it; correct work names no mistake."""

from __future__ import annotations

import json
import textwrap

import numpy as np
import pytest
from corpus_files import correct, exercises_in

from grader import bank
from grader import evidence as ev
from grader.course import Course
from grader.evidence import Answered
from grader.sandbox.channel import Answer
from grader.sandbox.host import Zygote
from grader.sandbox.limits import Limits
from grader.wire import strict
from grader.wire.records import Source
from grader.worker import facts
from grader.worker.facts import ADVISORY, DETECTORS, EACH_CAP, FACT_CAP, NOTHING, look

LIMITS = Limits(cpu_seconds=20, wall_seconds=60)
HEAD = """
import copy
from collections import OrderedDict
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch.utils.data import DataLoader
"""


def seen(source: str, name: str = "X", others: tuple[str, ...] = ()) -> Source:
    """What is seen of the exercise `name` in a module of this text."""
    return look([("work.py", HEAD + textwrap.dedent(source))], name, others)


def names(source: str, name: str = "X") -> set[str]:
    """The names of the facts."""
    return {fact.name for fact in seen(source, name).facts}


def module(init: str, forward: str = "return x", arguments: str = "") -> str:
    """A class of these two methods."""
    inits = "".join(f"        {line}\n" for line in ["super().__init__()", *init.splitlines()])
    forwards = "".join(f"        {line}\n" for line in forward.splitlines())
    return f"class X(nn.Module):\n    def __init__(self{arguments}):\n{inits}    def forward(self, x):\n{forwards}"


def epoch(body: str, before: str = "model.train()", after: str = "return total") -> str:
    """An epoch of training with this body of its loop."""
    lines = ["total = 0.0", *before.splitlines(), "for inputs, targets in loader:"]
    lines += [f"    {line}" for line in body.splitlines()] + after.splitlines()
    return "def X(model, loader, criterion, optimizer, device):\n" + "".join(f"    {line}\n" for line in lines)


def measuring(before: str = "model.eval()", after: str = "", grad: str = "with torch.no_grad():") -> str:
    """An evaluation with these lines before and after its loop."""
    lines = ["correct = 0", *before.splitlines(), grad or "if True:", "    for inputs, targets in loader:"]
    lines += ["        correct += (model(inputs).argmax(dim=1) == targets).sum().item()", *after.splitlines()]
    return "def X(model, loader, device):\n" + "".join(f"    {line}\n" for line in [*lines, "return correct"])


def optimizer(arguments: str) -> str:
    """A function that makes an optimizer with these arguments."""
    return f"def X(p, lr, options):\n    return torch.optim.SGD({arguments})"


def convolutions(large: str, pointwise: str, before: str = "") -> str:
    """A block with two convolutions of these strides."""
    layers = [
        f"self.conv = nn.Conv2d(1, 1, 3, stride={large})",
        f"self.short = nn.Conv2d(1, 1, kernel_size=1, stride={pointwise})",
    ]
    return module("\n".join([*before.splitlines(), *layers]), "return self.conv(x) + self.short(x)", ", stride")


STEP = "loss = criterion(model(inputs), targets)\noptimizer.zero_grad()\nloss.backward()\noptimizer.step()\n"
TOTAL = STEP + "total += loss.item()"
TWO = "self.fc = nn.Linear(2, 2)\nself.bn = nn.BatchNorm1d(2)"

# Each fact by a smallest text that shows it, and by a neighbour that is right.
CASES: list[tuple[str, str, str]] = [
    # layers
    ("duplicate-key", "def X():\n    return {'a': 1, 'a': 2}", "def X():\n    return {'a': 1, 'b': 1}"),
    (
        "duplicate-key",
        "def X():\n    return nn.Sequential(OrderedDict([('a', nn.ReLU()), ('a', nn.Tanh())]))",
        "def X():\n    return nn.Sequential(OrderedDict([('a', nn.ReLU()), ('b', nn.ReLU())]))",
    ),
    (
        "duplicate-key",
        "def X(m):\n    m.add_module('a', nn.ReLU())\n    m.add_module('a', nn.ReLU())\n    return m",
        "def X(m, n):\n    m.add_module('a', nn.ReLU())\n    n.add_module('a', nn.ReLU())\n    return m",
    ),
    (
        "duplicate-key",
        "def X(m):\n    for _ in range(2):\n        m.add_module('a', nn.ReLU())\n    return m",
        "def X():\n    for _ in 1, 2:\n        m = nn.Sequential()\n        m.add_module('a', nn.ReLU())\n    return m",
    ),
    (
        "duplicate-key",
        "def X(m):\n    m['a'] = nn.ReLU()\n    m['a'] = nn.ReLU()\n    return m",
        "def X(m, c):\n    if c:\n        m['a'] = nn.ReLU()\n    else:\n        m['a'] = nn.Tanh()\n    return m",
    ),
    (
        "shared-layer-entry",
        module(TWO, "return self.bn(self.fc(self.bn(x)))"),
        module(TWO, "return self.bn(self.fc(x))"),
    ),
    (
        "shared-layer-entry",
        module(TWO, "x = self.fc(x)\nreturn self.fc(x)"),
        module(TWO, "if x.ndim == 2:\n    return self.fc(x)\nreturn self.fc(x.flatten(1))"),
    ),
    (
        "shared-layer-entry",
        "def X():\n    a = nn.Linear(2, 2)\n    return nn.Sequential(a, nn.ReLU(), a)",
        "def X():\n    a = nn.ReLU()\n    return nn.Sequential(a, nn.Linear(2, 2), a)",
    ),
    (
        "shared-layer-entry",
        "def X():\n    a = nn.Linear(2, 2)\n    return nn.Sequential(*[a for _ in range(3)])",
        "def X():\n    return nn.Sequential(*[nn.Linear(2, 2) for _ in range(3)])",
    ),
    ("shared-layer-entry", module(TWO + "\nself.bn2 = self.bn"), module(TWO + "\nself.bn2 = nn.BatchNorm1d(2)")),
    (
        "shared-layer-entry",
        module("self.l = nn.ModuleList([nn.Linear(2, 2)])", "return self.l[0](self.l[0](x))"),
        module("self.l = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])", "return self.l[1](self.l[0](x))"),
    ),
    ("layer-built-in-call", module("", "return nn.Linear(2, 2)(x)"), module("", "return nn.Flatten()(x)")),
    (
        "layer-built-in-call",
        "def X(x, weight):\n    layer = nn.Linear(2, 2)\n    return layer(x)",
        "def X(a, b):\n    layer = nn.Linear(a, b)\n    nn.init.zeros_(layer.bias)\n    return layer",
    ),
    (
        "list-multiplied",
        "def X():\n    return nn.Sequential(*[nn.Linear(2, 2)] * 3)",
        "def X():\n    return [nn.ReLU()] * 3 + [0] * 3",
    ),
    (
        "plain-list-of-layers",
        module("self.l = [nn.Linear(2, 2)]", "return self.l[0](x)"),
        module("self.l = nn.ModuleList([nn.Linear(2, 2)])", "return self.l[0](x)"),
    ),
    (
        "plain-list-of-layers",
        module("self.l = []\nself.l.append(nn.Linear(2, 2))", "return self.l[0](x)"),
        module("self.l = [nn.Linear(2, 2)]\nself.body = nn.Sequential(*self.l)", "return self.body(x)"),
    ),
    (
        "plain-dict-of-layers",
        module("a = nn.Linear(2, 2)\nself.d = {'a': a}", "return self.d['a'](x)"),
        module("a = nn.Linear(2, 2)\nself.d = nn.ModuleDict({'a': a})", "return self.d['a'](x)"),
    ),
    (
        "plain-dict-of-layers",
        module("self.d = {}\nself.d['a'] = nn.Linear(2, 2)"),
        module("self.d = {}\nself.d['a'] = 2"),
    ),
    (
        "layer-overwritten",
        module("self.a = nn.Linear(2, 2)\nself.a = nn.Linear(2, 2)", "return self.a(x)"),
        module("self.a = nn.Linear(2, 2)\nself.a = nn.Sequential(self.a)", "return self.a(x)"),
    ),
    (
        "stride-index-one-repeated",
        module(
            "self.a = nn.Conv2d(1, 1, 3, stride[1])\nself.b = nn.Conv2d(1, 1, 1, stride=stride[1])",
            arguments=", stride",
        ),
        module(
            "self.a = nn.Conv2d(1, 1, 3, stride[1])\nself.b = nn.Conv2d(1, 1, 1, stride=stride[0])",
            arguments=", stride",
        ),
    ),
    # classes
    (
        "name-misspelt",
        "class X(nn.Module):\n    def foward(self, x):\n        return x",
        "class X(nn.Module):\n    def forward(self, x):\n        return x\n    def forward2(self):\n        return 1",
    ),
    (
        "name-misspelt",
        "class X(nn.Module):\n    def __int__(self):\n        pass",
        "class X(nn.Sequential):\n    def forward_(self):\n        pass",
    ),
    ("attribute-shadows-method", module("self.train = nn.Linear(2, 2)"), module("self.trained = nn.Linear(2, 2)")),
    (
        "tensor-method-on-self",
        module("", "return self.reshape(2, -1)"),
        module("self.reshape = nn.Flatten()", "return self.reshape(x)"),
    ),
    (
        "super-init-missing",
        "class X(nn.Module):\n    def __init__(self):\n        self.a = 1",
        "class X(nn.Module):\n    def __init__(self):\n        nn.Module.__init__(self)",
    ),
    (
        "mode-read-in-init",
        module("self.active = self.training", "return F.dropout(x, training=self.active)"),
        module("self.training = True", "return F.dropout(x, training=self.training)"),
    ),
    (
        "local-read-as-attribute",
        module("a = nn.ReLU()", "return self.a(x)"),
        module("self.a = nn.ReLU()", "return self.a(x)"),
    ),
    ("local-read-as-attribute", module("self.a = 1", "return x + a"), module("self.a = 1", "a = 2\nreturn x + a")),
    # the way of the data
    ("layer-constructed-on-tensor", module("", "return nn.ReLU(x)"), module("", "return nn.ReLU(True)(x)")),
    (
        "no-grad-in-forward",
        module(TWO, "with torch.no_grad():\n    y = self.fc(x)\nreturn y"),
        module("self.n = 0", "with torch.no_grad():\n    self.n += 1\nreturn x"),
    ),
    (
        "parameter-in-call",
        "def X(x, weight, bias):\n    return F.linear(x, nn.Parameter(weight), bias)",
        module("self.w = nn.Parameter(torch.ones(2))", "return x * self.w"),
    ),
    ("input-changed-in-place", module("", "x += 1\nreturn x"), module("", "x = x * 2\nx += 1\nreturn x")),
    (
        "input-changed-in-place",
        module("", "x = F.relu(x, inplace=True)\nreturn x"),
        module("", "return F.relu(x * 2, inplace=True)"),
    ),
    (
        "in-place-after-relu",
        module("", "y = F.relu(x)\ny += x\nreturn y"),
        module("", "y = x * 2\ny += x\nreturn F.relu(y)"),
    ),
    (
        "call-result-unused",
        module("", "F.relu(x)\nreturn x"),
        module("", "y = x * 2\nF.relu(y, inplace=True)\nreturn y"),
    ),
    (
        "call-result-unused",
        module("self.r = nn.ReLU()", "self.r(x)\nreturn x"),
        module("self.r = nn.ReLU(inplace=True)", "y = x * 2\nself.r(y)\nreturn y"),
    ),
    ("layer-never-called", module(TWO, "return self.fc(x)"), module(TWO, "return self.bn(self.fc(x))")),
    (
        "layer-never-called",
        module(TWO, "return self.fc(x)"),
        module(TWO, "for m in self.children():\n    x = m(x)\nreturn x"),
    ),
    (
        "key-not-visited",
        module(
            "self.d = nn.ModuleDict({'a': nn.ReLU(), 'b': nn.ReLU()})",
            "for k in ['a']:\n    x = self.d[k](x)\nreturn x",
        ),
        module(
            "self.d = nn.ModuleDict({'a': nn.ReLU(), 'b': nn.ReLU()})",
            "for k in self.d:\n    x = self.d[k](x)\nreturn x",
        ),
    ),
    (
        "dict-values-unpacked",
        "def X():\n    layers = OrderedDict(a=nn.ReLU())\n    return nn.Sequential(*layers.values())",
        "def X():\n    layers = OrderedDict(a=nn.ReLU())\n    return nn.Sequential(layers)",
    ),
    # calls
    (
        "functional-dropout-without-flag",
        module("", "return F.dropout(x, 0.5)"),
        module("", "return F.dropout(x, 0.5, self.training)"),
    ),
    (
        "functional-dropout-without-flag",
        module("", "return F.dropout(x, 0.5)"),
        module("", "if self.training:\n    x = F.dropout(x, 0.5)\nreturn x"),
    ),
    (
        "functional-dropout-flag-true",
        module("", "return F.dropout(x, 0.5, training=True)"),
        module("", "return F.dropout(x, 0.5, training=self.training)"),
    ),
    (
        "functional-dropout-flag-false",
        module("", "return torch.dropout(x, 0.5, False)"),
        module("", "return torch.dropout(x, 0.5, self.training)"),
    ),
    ("dropout-without-p", module("", "return F.dropout(x)"), module("", "return F.dropout(x, p=0.5)")),
    (
        "dropout-absent",
        module("self.p = p", "return x", ", p"),
        module("self.p = p", "return x * torch.bernoulli(torch.full_like(x, 1 - self.p))", ", p"),
    ),
    ("functional-with-self", module("", "return F.relu(self, x)"), module("", "return F.relu(x)")),
    ("softmax-without-dim", module("", "return F.softmax(x)"), module("", "return F.softmax(x, 1)")),
    ("softmax-without-dim", "def X():\n    return nn.Softmax()", "def X():\n    return nn.Softmax(dim=1)"),
    ("forward-called-directly", module(TWO, "return self.fc.forward(x)"), module(TWO, "return super().forward(x)")),
    ("device-literal", "def X(x):\n    return x.to('cuda:0')", "def X(x, device='cpu'):\n    return x.to(device)"),
    (
        "device-literal",
        "def X(x):\n    return x.cuda()",
        "def X(x):\n    return x.cpu() if torch.cuda.is_available() else x",
    ),
    ("device-misspelt", "def X(x):\n    return x.to('cude:0')", "def X(x):\n    return x.to('cuda:0')"),
    (
        "seed-in-call",
        module("", "torch.manual_seed(0)\nreturn x"),
        "def X():\n    torch.manual_seed(0)\n    return torch.rand(2)",
    ),
    (
        "seed-in-call",
        "def X(g):\n    for i in range(3):\n        g.manual_seed(1)\n    return g",
        "def X(g):\n    return g.manual_seed(1)",
    ),
    (
        "retain-graph",
        "def X(loss):\n    return loss.backward(retain_graph=True)",
        "def X(loss):\n    return loss.backward()",
    ),
    ("data-attribute-update", "def X(p):\n    return p.data * 2", "def X(dataset):\n    return dataset.data * 2"),
    (
        "data-attribute-update",
        "def X(p):\n    p -= 0.1 * p.grad\n    return p",
        "def X(p):\n    p -= 0.1\n    return p",
    ),
    (
        "update-rebinds-name",
        "def X(ps):\n    for p in ps:\n        p = p - 0.1 * p.grad\n    return ps",
        "def X(ps):\n    for p in ps:\n        p.data = p.data - 0.1 * p.grad\n    return ps",
    ),
    ("loss-class-called", "def X(y, t):\n    return nn.MSELoss(y, t)", "def X(y, t):\n    return nn.MSELoss()(y, t)"),
    (
        "optimizer-lr-assigned",
        "def X(optimizer, lr):\n    optimizer.lr = lr\n    return optimizer",
        "def X(optimizer, lr):\n    optimizer.param_groups[0]['lr'] = lr\n    return optimizer",
    ),
    ("to-result-dropped", epoch("inputs.to(device)\n" + TOTAL), epoch("inputs = inputs.to(device)\n" + TOTAL)),
    ("to-result-dropped", epoch("targets.cuda()\n" + TOTAL), epoch(TOTAL, "model.train()\nmodel.to(device)")),
    (
        "parameters-generator-reused",
        "def X(model):\n    ps = model.parameters()\n    print(len(list(ps)))\n    return torch.optim.SGD(ps)",
        "def X(m, c):\n    p = m.parameters()\n"
        "    if c:\n        return torch.optim.SGD(p)\n    return torch.optim.Adam(p)",
    ),
    # answers
    ("return-missing", module("", "x * 2"), module("", "return x * 2")),
    ("return-missing", "def X(a):\n    a * 2", "def X(a):\n    raise NotImplementedError"),
    ("exception-returned", "def X():\n    return ValueError('no')", "def X():\n    raise ValueError('no')"),
    (
        "default-branch",
        "def X(name):\n    if name == 'a':\n        return nn.ReLU()\n    return nn.Tanh()",
        "def X(name):\n    if name == 'a':\n        return nn.ReLU()\n    raise ValueError(name)",
    ),
    (
        "default-branch",
        "def X(name):\n    return nn.ReLU() if name == 'a' else nn.Tanh()",
        "def X(x, flag):\n    return nn.ReLU() if flag else nn.Tanh()",
    ),
    (
        "figure-closed",
        "def X(h):\n    plt.plot(h)\n    plt.close()\n    return plt.gcf()",
        "def X(h):\n    figure = plt.figure()\n    plt.close(figure)\n    return figure",
    ),
    (
        "title-before-figure",
        "def X(h):\n    plt.title('a')\n    figure = plt.figure()\n    return figure",
        "def X(h):\n    figure = plt.figure()\n    plt.title('a')\n    return figure",
    ),
    (
        "several-figures",
        "def X(h):\n    a = Figure()\n    b = Figure()\n    return a",
        "def X(h):\n    a = Figure()\n    return a",
    ),
    (
        "figure-cleared",
        "def X(h):\n    figure, axes = plt.subplots()\n    axes.plot(h)\n    figure.clear()\n    return figure",
        "def X(h):\n    plt.clf()\n    plt.plot(h)\n    return plt.gcf()",
    ),
    (
        "scatter-or-bar",
        "def X(history):\n    plt.scatter(history, history)\n    return plt.gcf()",
        "def X(history):\n    plt.plot(history)\n    plt.scatter(history, history)\n    return plt.gcf()",
    ),
    (
        "result-rounded",
        "def X(a, b):\n    return round(a / b, 2)",
        "def X(a, b):\n    print(round(a / b, 2))\n    return a / b",
    ),
    ("floor-division", "def X(model, a):\n    return a // 2", "def X(x, a):\n    return x[a // 2]"),
    (
        "return-in-loop",
        "def X(a):\n    for b in a:\n        return b",
        "def X(a):\n    for b in a:\n        if b:\n            return b\n    return 0",
    ),
    # runs
    (
        "loader-swapped",
        "def X(train_loader, test_loader):\n    return train_one_epoch(test_loader), evaluate(test_loader)",
        "def X(train_loader, test_loader):\n    return train_one_epoch(train_loader), evaluate(test_loader)",
    ),
    (
        "loader-swapped",
        "def X(train_loader, test_loader):\n    return train_one_epoch(train_loader), evaluate(train_loader)",
        "def X(train_loader, test_loader):\n    return evaluate(train_loader), evaluate(test_loader)",
    ),
    (
        "loader-swapped",
        "def X(train_data, test_data):\n    train = DataLoader(test_data)\n    return train",
        "def X(train_data, test_data):\n    train = DataLoader(train_data)\n    return train",
    ),
    (
        "loader-swapped",
        "def X(train_data, test_data):\n    return test_loader, train_loader",
        "def X(train_data, test_data):\n    return train_loader, test_loader",
    ),
    (
        "batch-size-as-shuffle",
        "def X(d, batch_size):\n    return DataLoader(d, shuffle=batch_size)",
        "def X(d, batch_size):\n    return DataLoader(d, batch_size, shuffle=True)",
    ),
    (
        "model-copied",
        epoch(TOTAL, "model = copy.deepcopy(model)\nmodel.train()"),
        measuring("model = copy.deepcopy(model)\nmodel.eval()"),
    ),
    (
        "optimizer-made-anew",
        "def X(model, optimizer):\n    optimizer = torch.optim.SGD(model.parameters())\n    optimizer.step()",
        "def X(model, name):\n    return torch.optim.SGD(model.parameters())",
    ),
    (
        "optimizer-made-anew",
        "def X(model, optimizer):\n    optimizer = type(optimizer)(model.parameters(), lr=0.1)",
        "def X(model, optimizer):\n    print(type(optimizer), type(model)())",
    ),
    (
        "gradients-clipped",
        epoch("torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n" + TOTAL),
        epoch("torch.nn.utils.parameters_to_vector(model.parameters())\n" + TOTAL),
    ),
    ("rate-changed", epoch("optimizer.param_groups[0]['lr'] *= 0.5\n" + TOTAL), epoch(TOTAL)),
    ("rate-changed", epoch("torch.optim.lr_scheduler.StepLR(optimizer, 1).step()\n" + TOTAL), epoch(TOTAL)),
    ("numbers-drawn", epoch("inputs = inputs + torch.randn_like(inputs)\n" + TOTAL), epoch(TOTAL)),
    (
        "optimizer-made-anew",
        epoch(TOTAL, "optimizer = torch.optim.SGD(model.parameters())\nmodel.train()"),
        epoch("optimizer = torch.optim.SGD(model.parameters())\n" + TOTAL),
    ),
    (
        "optimizer-made-in-loop",
        epoch("optimizer = torch.optim.SGD(model.parameters())\n" + TOTAL),
        epoch(TOTAL, "optimizer = torch.optim.SGD(model.parameters())\nmodel.train()"),
    ),
    # settings
    ("rate-fixed", optimizer("p, lr=0.01"), optimizer("p, lr=lr")),
    ("rate-fixed", optimizer("p, 1e-3"), optimizer("p, lr")),
    ("rate-computed", optimizer("p, lr=lr / 10"), optimizer("p, lr=lr")),
    ("rate-missing", optimizer("p"), optimizer("p, **options")),
    ("momentum-given", optimizer("p, lr=lr, momentum=0.8"), optimizer("p, lr=lr, momentum=0")),
    ("weight-decay-given", optimizer("p, lr=lr, weight_decay=1e-2"), optimizer("p, lr=lr, weight_decay=0.0")),
    ("betas-given", optimizer("p, lr=lr, betas=(0.8, 0.999)"), optimizer("p, lr=lr, betas=(0.9, 0.999)")),
    (
        "label-smoothing-given",
        "def X():\n    return nn.CrossEntropyLoss(label_smoothing=0.2)",
        "def X(some):\n    return nn.CrossEntropyLoss(label_smoothing=some)",
    ),
    (
        "norm-eps-given",
        module("self.bn = nn.BatchNorm1d(2, eps=1e-4)"),
        module("self.bn = nn.BatchNorm1d(2, eps=1e-5)"),
    ),
    ("norm-momentum-given", module("self.bn = nn.BatchNorm2d(2, momentum=0.8)"), module("self.bn = nn.BatchNorm2d(2)")),
    ("strides-unread", convolutions("1", "stride[0]"), convolutions("stride[0]", "stride[0]")),
    ("strides-unread", convolutions("1", "a", "a, b = stride"), convolutions("a", "1", "a, b = stride")),
    ("shortcut-stride-unread", convolutions("stride[0]", "1"), convolutions("1", "stride[0]")),
    ("loop-left", epoch(TOTAL + "\nbreak"), epoch(TOTAL + "\nfor _ in range(3):\n    break")),
    (
        "requires-grad-switched-off",
        "def X(p):\n    p.requires_grad = False\n    return p",
        "def X(p):\n    p.requires_grad = True\n    return p",
    ),
    (
        "requires-grad-switched-off",
        "def X(p):\n    return p.requires_grad_(False)",
        "def X(p):\n    return p.requires_grad_()",
    ),
    (
        "epoch-loop-missing",
        epoch(TOTAL).replace("device)", "epochs)"),
        "def X(model, loader, epochs):\n    for _ in range(epochs):\n        model(loader)\n    return 1",
    ),
    (
        "epochs-literal",
        "def X(epochs):\n    for _ in range(10):\n        print(1)\n    return 1",
        "def X(epochs):\n    for _ in range(epochs):\n        for i in range(2):\n            print(i)\n    return 1",
    ),
    (
        "epochs-literal",
        "def X(history):\n    return range(1, 11)",
        "def X(history):\n    return range(1, len(history))",
    ),
    # modes and gradients
    ("eval-missing", measuring("", grad=""), measuring(grad="")),
    ("eval-missing", measuring(""), measuring()),
    (
        "eval-missing",
        measuring("", grad=""),
        measuring("was = model.training\nmodel.train(False)", "model.train(was)", ""),
    ),
    ("eval-without-call", measuring("model.eval"), measuring("model.eval()")),
    ("train-without-call", epoch(TOTAL, "model.train"), epoch(TOTAL)),
    ("step-without-call", epoch(TOTAL.replace("step()", "step")), epoch(TOTAL)),
    ("zero-grad-without-call", epoch(TOTAL.replace("grad()", "grad")), epoch(TOTAL)),
    ("backward-without-call", epoch(TOTAL.replace("backward()", "backward")), epoch(TOTAL)),
    ("no-grad-instead-of-eval", measuring(""), measuring()),
    (
        "no-grad-instead-of-eval",
        measuring("was = model.training", "model.train(was)"),
        measuring("was = model.training\nmodel.eval()", "model.train(was)"),
    ),
    ("train-in-evaluation", measuring("model.train()"), measuring("model.eval()", "model.train()")),
    ("train-call-missing", epoch(TOTAL, ""), epoch(TOTAL)),
    ("eval-in-training", epoch(TOTAL, "model.eval()"), measuring()),
    ("eval-in-training", epoch("model.eval()\n" + TOTAL), epoch("model.train()\n" + TOTAL)),
    (
        "mode-flag-assigned",
        measuring("model.training = False"),
        measuring(
            "modes = {m: m.training for m in model.modules()}\nmodel.eval()",
            "for m, b in modes.items():\n    m.training = b",
        ),
    ),
    (
        "mode-read-after-eval",
        measuring("model.eval()\nwas = model.training", "model.train(was)"),
        measuring("was = model.training\nmodel.eval()", "model.train(was)"),
    ),
    (
        "train-always-after-eval",
        measuring(after="model.train()"),
        measuring("was = model.training\nmodel.eval()", "if was:\n    model.train()"),
    ),
    ("no-grad-missing", measuring(grad=""), measuring(grad="with torch.inference_mode():")),
    ("no-grad-missing", measuring("model.eval()\ntorch.no_grad()", grad=""), "@torch.no_grad()\n" + measuring(grad="")),
    ("no-grad-without-call", measuring(grad="with torch.no_grad:"), measuring()),
    (
        "no-grad-around-training",
        "@torch.no_grad()\n" + epoch(TOTAL),
        epoch(TOTAL + "\nwith torch.no_grad():\n    hits = (model(inputs).argmax(1) == targets).sum()"),
    ),
    (
        "no-grad-around-training",
        epoch(
            "with torch.no_grad():\n    outputs = model(inputs)\nloss = criterion(outputs, targets)\nloss.backward()"
        ),
        epoch(TOTAL),
    ),
    # losses and updates
    (
        "step-before-backward",
        epoch("loss = criterion(model(inputs), targets)\noptimizer.step()\nloss.backward()"),
        epoch(TOTAL),
    ),
    (
        "zero-grad-before-step",
        epoch("loss = criterion(model(inputs), targets)\nloss.backward()\noptimizer.zero_grad()\noptimizer.step()"),
        epoch("loss = criterion(model(inputs), targets)\nloss.backward()\noptimizer.step()\noptimizer.zero_grad()"),
    ),
    ("optimizer-missing-step", epoch(TOTAL.replace("optimizer.step()\n", "")), epoch(TOTAL)),
    ("backward-missing", epoch(TOTAL.replace("loss.backward()\n", "")), epoch(TOTAL)),
    (
        "backward-missing",
        epoch(TOTAL.replace("loss.backward()\n", "")),
        epoch(TOTAL.replace("loss.backward()", "torch.autograd.backward(loss)")),
    ),
    ("zero-grad-missing", epoch(TOTAL.replace("optimizer.zero_grad()\n", "")), epoch(TOTAL)),
    (
        "zero-grad-missing",
        epoch(TOTAL.replace("optimizer.zero_grad()\n", "")),
        epoch(TOTAL.replace("optimizer.zero_grad()", "for p in model.parameters():\n    p.grad = None")),
    ),
    (
        "loss-tensor-accumulated",
        epoch(STEP + "total += loss * len(inputs)"),
        epoch(STEP + "total += float(loss) * len(inputs)"),
    ),
    (
        "loss-tensor-accumulated",
        epoch(STEP + "losses.append(loss)", "losses = []\nmodel.train()", "return 1.0"),
        epoch(STEP + "losses.append(loss.detach())", "losses = []\nmodel.train()", "return 1.0"),
    ),
    (
        "item-missing",
        epoch(STEP + "total += loss.detach()"),
        epoch(STEP + "total += loss.detach()", after="return total.item()"),
    ),
    ("item-missing", measuring().replace(".item()", ""), measuring()),
    (
        "loss-rewrapped",
        epoch(TOTAL.replace("optimizer.zero", "loss = torch.tensor(loss.item(), requires_grad=True)\noptimizer.zero")),
        epoch(TOTAL.replace("optimizer.zero", "loss = loss * torch.tensor(2.0)\noptimizer.zero")),
    ),
    ("loss-rewrapped", epoch(TOTAL.replace("loss.back", "loss.detach().requires_grad_().back")), epoch(TOTAL)),
    ("outputs-detached", epoch(TOTAL.replace("model(inputs)", "model(inputs).detach()")), epoch(TOTAL)),
    (
        "argmax-before-loss",
        epoch(TOTAL.replace("model(inputs)", "model(inputs).argmax(1)")),
        epoch(TOTAL.replace("targets)", "targets.argmax(1))", 1)),
    ),
    ("argmax-missing-dim", measuring().replace("dim=1", ""), measuring()),
]


@pytest.mark.parametrize(("fact", "shows", "right"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])
def test_a_fact_is_seen_where_it_is_written(fact: str, shows: str, right: str) -> None:
    """The smallest text that shows a fact should have it, and its correct neighbour should not."""
    assert fact in names(shows)
    assert fact not in names(right)


def test_every_fact_has_its_case() -> None:
    """The table of facts and the table of cases should know the same names."""
    assert {fact for fact, _, _ in CASES} == set(DETECTORS)
    assert set(DETECTORS) >= ADVISORY


@pytest.mark.parametrize("assignment", ["layers", "build_methods", "residual_blocks", "training"])
def test_correct_work_names_no_mistake(course: Course, assignment: str) -> None:
    """Neither the reference solutions nor a correct file of the corpus should show a fact that names a mistake."""
    (chosen,) = (one for one in course.assignments if one.id == assignment)
    others = [exercise.name for one in course.assignments for exercise in one.exercises]
    for path in [course.root / "reference" / assignment / "solution.py", *correct(assignment)]:
        for exercise in exercises_in(path, chosen):
            found = look([(path.name, path.read_bytes())], exercise.name, others)
            assert [fact for fact in found.facts if fact.name not in ADVISORY] == [], f"{path.name}: {exercise.name}"
            assert found.methods, f"{path.name}: {exercise.name}"


def test_known_mistakes_show_their_facts(course: Course) -> None:
    """Each variation of a mistake that is known by a fact should show that fact."""
    known = bank.of(course)
    others = [exercise.name for assignment in course.assignments for exercise in assignment.exercises]
    for variation in (each for each in known.variations if each.fact):
        found = {fact.name for fact in look([("work.py", variation.source)], variation.exercise, others).facts}
        assert variation.fact in found, (variation.misconception, variation.exercise)


def test_of_several_reasons_one_is_given() -> None:
    """What says why a mode is not set, or an update not made, should leave out the weaker ways to say it."""
    absent = {"eval-missing", "no-grad-instead-of-eval", "train-call-missing", "optimizer-missing-step"}
    absent |= {"backward-missing", "zero-grad-missing"}
    for source in (
        measuring("model.eval"),
        measuring("model.training = False"),
        measuring("model.train()"),
        epoch(TOTAL, "model.train"),
        epoch(TOTAL, "model.eval()"),
        epoch(TOTAL.replace("step()", "step")),
        epoch(TOTAL.replace("zero_grad()", "zero_grad")),
        epoch(TOTAL.replace("backward()", "backward")),
        epoch(TOTAL.replace("optimizer.step()", "for p in model.parameters():\n    p = p - 0.1 * p.grad")),
    ):
        assert not names(source) & absent


def test_imports_may_have_any_name() -> None:
    """Names should be followed to what was imported: other aliases, single functions, everything."""
    for head, call in (
        ("import torch.nn.functional as fn\n", "fn.dropout(x, 0.5)"),
        ("from torch.nn.functional import dropout as drop\n", "drop(x, 0.5)"),
        ("from torch.nn.functional import *\n", "dropout(x, 0.5)"),
        ("import torch\n", "torch.nn.functional.dropout(x, 0.5)"),
        ("", "F.dropout(x, 0.5)"),
    ):
        found = look([("a.py", f"{head}def X(x):\n    return {call}\n")], "X")
        assert [fact.name for fact in found.facts] == ["functional-dropout-without-flag"], head
    own = "def dropout(x, p):\n    return x\ndef X(x):\n    return dropout(x, 0.5)\n"
    assert look([("a.py", own)], "X").facts == ()


def test_helpers_are_looked_at_and_other_exercises_are_not() -> None:
    """What the exercise refers to should be seen, step by step; other exercises should be named and left alone."""
    source = """
    def move(x):
        return x.cuda()
    def helper(x):
        return move(x)
    def unused(x):
        return x.to("cpu")
    def Other(x):
        return x.to("mps")
    def X(x, unused):
        return Other(helper(x)) + unused
    """
    found = seen(source, others=("Other", "Absent", "X"))
    assert [(fact.name, fact.detail, fact.line) for fact in found.facts] == [("device-literal", "cuda", 12)]
    assert found.uses == ("Other",)
    assert seen(source).uses == ()
    assert {fact.detail for fact in seen(source).facts} == {"cuda", "mps"}


def test_the_last_definition_counts() -> None:
    """A name defined again, or in a branch, or as another name for a class, should be followed as Python does."""
    first = "def X(x):\n    return x.cuda()\n"
    assert seen(first + "def X(x):\n    return x\n").facts == ()
    assert seen(first + "if __name__ == '__main__':\n    def X(x):\n        return x\n").facts != ()
    assert [
        fact.line for fact in seen("class Y(nn.Module):\n    def foward(self, x):\n        return x\nX = Y\n").facts
    ] == [11]
    assert [place.name for place in seen("class Y:\n    def forward(self):\n        pass\nX = Y\n").methods] == [
        "forward"
    ]


def test_methods_have_their_places() -> None:
    """The exercise's methods, those that it inherits too, should be named with their lines."""
    source = HEAD + (
        "class Base(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "    def forward(self, x):\n"
        "        return x\n"
        "class X(Base):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
    )
    start = HEAD.count("\n")
    places = [(p.name, p.file, p.line - start, p.end - start) for p in look([("a.py", source)], "X").methods]
    assert sorted(places) == [("__init__", "a.py", 7, 8), ("forward", "a.py", 4, 5)]
    (place,) = look([("a.py", "def X(a):\n    return (\n        a\n    )\n")], "X").methods
    assert (place.name, place.line, place.end) == ("X", 1, 4)


def test_cells_are_places_of_their_own() -> None:
    """In a notebook lines should be counted in their cell; a cell that Python cannot read takes nothing down."""
    cells = [
        "def X(x):\n    return x",
        "def broken(:",
        "import torch\ndef X(x):\n    return help_(x)",
        "def help_(x):\n    return x.cuda()",
    ]
    found = look([(f"a.ipynb, cell {n}", text) for n, text in enumerate(cells, 1)], "X")
    assert [(fact.file, fact.line) for fact in found.facts] == [("a.ipynb, cell 4", 2)]
    assert [(place.file, place.line) for place in found.methods] == [("a.ipynb, cell 3", 2)]


def test_other_files_are_followed() -> None:
    """What comes from another file of the submission should be seen there."""
    beside = {"parts": ("parts.py", b"def part(x):\n    return x.cuda()\n")}
    for source in (
        "from parts import part\ndef X(x):\n    return part(x)",
        "from .parts import part as p\ndef X(x):\n    return p(x)",
        "import parts\ndef X(x):\n    return parts.part(x)",
    ):
        found = look([("a.py", source)], "X", (), beside)
        assert [(fact.file, fact.line) for fact in found.facts] == [("parts.py", 2)], source


def test_equal_source_gives_equal_facts() -> None:
    """Facts should come in the order of the text, the same every time."""
    source = module("self.a = nn.Linear(2, 2)", "x = x.cuda()\nx = self.a(self.a(x))\nreturn F.softmax(x.to('cpu'))")
    found = seen(source)
    assert [fact.line for fact in found.facts] == sorted(fact.line for fact in found.facts)
    assert len(found.facts) >= 4
    assert found == seen(source)


DEEP = 100_000
HOSTILE = {
    "no Python": "def X(:\n",
    "null bytes": "def X(): pass\0",
    "bytes that are no text": b"def X():\n    return '\xff\xfe'\n",
    "a lying coding line": b"# coding: punycode\ndef X(): pass\n",
    "parentheses": "def X():\n    return " + "(" * DEEP + ")" * DEEP,
    "brackets": "def X():\n    return " + "[" * 150 + "]" * 150,
    "signs": "def X():\n    return " + "-" * DEEP + "1",
    "a sum": "def X():\n    return " + "+".join(["1"] * 50_000),
    "attributes": "def X(a):\n    return a" + ".b" * 50_000,
    "a number": "def X():\n    return " + "9" * 100_000,
    "a table": "def X():\n    return [" + "1," * 150_000 + "]",
    "too long": "def X():\n    pass\n" + "#" * 500_000,
    "functions in functions": "".join(" " * n + f"def X(a{n}):\n" for n in range(90)) + " " * 91 + "return 1",
    "itself": "X = X",
    "a circle": "X = Y\nY = X",
    "a circle of classes": "class X(Y): pass\nclass Y(X): pass",
    "half characters": "X = {'\\ud800': 1, '\\ud800': 2}",
    "nothing": "",
    "another kind": "X: int",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_gives_little(text: str | bytes) -> None:
    """Whatever the text, there should be an answer, soon, that fits on the wire."""
    found = look([("a.py", text)], "X")
    assert len(found.facts) <= 2
    assert isinstance(json.dumps([fact.detail for fact in found.facts]), str)


def test_facts_are_capped() -> None:
    """Of one fact and of all of them there should be so many; what they say should be short."""
    lines = "".join(f"    x = x.to('cuda:{n}')\n" for n in range(100))
    assert len(seen(f"def X(x):\n{lines}    return x\n").facts) == EACH_CAP
    names_ = "".join(f"        self.{'a' * 300}{n} = nn.Linear(2, 2)\n" for n in range(50))
    found = seen(f"class X(nn.Module):\n    def __init__(self):\n{names_}    def forward(self, x):\n        return x\n")
    assert 0 < len(found.facts) <= FACT_CAP <= strict.LIST_CAP
    assert facts.METHOD_CAP <= strict.LIST_CAP
    assert all(len(fact.detail) <= facts.DETAIL_CAP for fact in found.facts)
    assert seen("def X(x):\n" + "    x = x.cuda()\n" * 5_000) == NOTHING


def test_a_worker_tells_the_facts(zygote: Zygote) -> None:
    """Through a real worker: a module whose code fails half way, with a file beside it, and a notebook."""
    main = b"from parts import part\ndef X(x):\n    return part(x) + Y(x)\ndef Y(x):\n    return x.cuda()\n1 / 0\n"
    cells = ["%matplotlib inline\nimport torch", "1 / 0", "def X(x):\n    !ls\n    return x.cuda()"]
    files = [("work.py", main), ("parts.py", b"def part(x):\n    return x.to('cpu')\n"), ("book.ipynb", b"{}")]
    arrays = {str(n): np.frombuffer(content, dtype=np.uint8) for n, (_, content) in enumerate(files)}
    arrays |= {f"cell {n}": np.frombuffer(cell.encode(), dtype=np.uint8) for n, cell in enumerate(cells)}
    for name, number, expected, uses in (
        ("work", 0, ("device-literal", "cpu", "parts.py", 2), ("Y",)),
        ("book", len(cells), ("device-literal", "cuda", "book.ipynb, cell 3", 3), ()),
    ):
        line = zygote.open(LIMITS, 10)
        try:
            line.ask("load", {"paths": [path for path, _ in files], "module": name, "cells": number}, arrays, LIMITS)
            reply = line.ask("source", {"name": "X", "others": ["Y"]}, {}, LIMITS)
        finally:
            line.close()
        assert isinstance(reply, Answer)
        outcome = ev.validate("source", reply)
        assert isinstance(outcome, Answered)
        (fact,) = outcome.record.facts
        assert (fact.name, fact.detail, fact.file, fact.line) == expected
        assert [place.name for place in outcome.record.methods] == ["X"]
        assert outcome.record.uses == uses
