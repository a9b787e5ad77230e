"""Operators on learning: loss, optimizer, modes, data, and what is written down of a run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.mutation.tree import Edit, Scope, expression, replace, statement, with_fields

_OPTIMIZERS = ("torch.optim.SGD", "torch.optim.Adam", "torch.optim.AdamW", "torch.optim.RMSprop", "torch.optim.Adagrad")


def change_loss(scope: Scope) -> Iterator[Edit]:
    """Another loss, or another way to sum it up."""
    others = {
        "nn.CrossEntropyLoss": ("nn.NLLLoss", "nn.MSELoss", "nn.BCEWithLogitsLoss", "nn.MultiMarginLoss"),
        "nn.MSELoss": ("nn.L1Loss", "nn.SmoothL1Loss", "nn.HuberLoss", "nn.CrossEntropyLoss"),
    }
    for call in scope.calls(*others):
        for other in others[ast.unparse(call.func)]:
            yield replace(call.func, expression(other))
        for text in ("reduction='sum'", "reduction='none'", "label_smoothing=0.1", "ignore_index=0"):
            name, _, value = text.partition("=")
            if name == "reduction" or "Entropy" in ast.unparse(call.func):
                yield replace(call, with_fields(call, keywords=[ast.keyword(name, expression(value))]))
        yield replace(call, call.func)  # the class, not a loss
    for call in scope.calls("criterion"):
        for text in ("2 * x", "-x", "x ** 2", "x.sum()"):
            yield replace(call, expression(text, x=call))
        for text in ("torch.softmax(x, dim=1)", "x.argmax(dim=1)", "x * 0.5"):
            yield replace(call.args[0], expression(text, x=call.args[0]))


def change_optimizer(scope: Scope) -> Iterator[Edit]:
    """Another optimizer, or the same with other settings."""
    for call in scope.calls(*_OPTIMIZERS):
        for other in _OPTIMIZERS:
            yield replace(call.func, expression(other))
        settings = ["weight_decay=0.01"]
        settings += ["momentum=0.9"] if ast.unparse(call.func).endswith("SGD") else ["amsgrad=True", "eps=0.001"]
        for text in (*settings, "maximize=True", "foreach=False"):
            name, _, value = text.partition("=")
            yield replace(call, with_fields(call, keywords=[*call.keywords, ast.keyword(name, expression(value))]))


def learning_rate(scope: Scope) -> Iterator[Edit]:
    """Another learning rate than the one that is asked for."""
    for call in scope.calls(*_OPTIMIZERS):
        for keyword in call.keywords:
            if keyword.arg == "lr":
                for text in ("0.01", "0.1 * x", "10 * x", "0.01 * x", "100 * x", "x ** 2"):
                    yield replace(keyword.value, expression(text, x=keyword.value))


def partial_parameters(scope: Scope) -> Iterator[Edit]:
    """An optimizer that holds a part of the parameters, or those of nobody."""
    for call in scope.calls("model.parameters"):
        for text in ("list(x)[:1]", "list(x)[-2:]", "[p.clone().detach().requires_grad_() for p in x]", "list(x)"):
            yield replace(call, expression(text, x=call))


def epochs(scope: Scope) -> Iterator[Edit]:
    """One epoch more or less, or always one."""
    for call in scope.calls("range"):
        last = call.args[-1]
        for text in ("x - 1", "x + 1", "1", "2 * x", "max(x, 10)"):
            yield replace(last, expression(text, x=last))


def batch_size(scope: Scope) -> Iterator[Edit]:
    """Batches of another size, or one batch of everything."""
    for call in scope.calls("DataLoader"):
        for keyword in call.keywords:
            if keyword.arg == "batch_size":
                for text in ("1", "2 * x", "x // 2", "32", "len(d)", "None"):
                    yield replace(keyword.value, expression(text, x=keyword.value, d=call.args[0]))


def loader_options(scope: Scope) -> Iterator[Edit]:
    """A loader that leaves samples out, or draws them otherwise."""
    for call in scope.calls("DataLoader"):
        yield replace(call, with_fields(call, keywords=[*call.keywords, ast.keyword("drop_last", ast.Constant(True))]))
        data = call.args[0]
        for text in (
            "torch.utils.data.Subset(x, range(len(x) // 2))",
            "torch.utils.data.Subset(x, range(1, len(x)))",
            "torch.utils.data.ConcatDataset([x, x])",
            "torch.utils.data.Subset(x, torch.randperm(len(x)).tolist())",
        ):
            yield replace(data, expression(text, x=data))
        sampler = expression("torch.utils.data.RandomSampler(x, replacement=True)", x=data)
        keywords = [k for k in call.keywords if k.arg != "shuffle"] + [ast.keyword("sampler", sampler)]
        yield replace(call, with_fields(call, keywords=keywords))


def damage_data(scope: Scope) -> Iterator[Edit]:
    """Inputs with noise, labels of others, before they are used."""
    for node in scope.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if isinstance(scope.parents[id(node)], ast.Attribute):
                continue
            for text in {
                "inputs": ("x + 0.1 * torch.randn_like(x)", "torch.zeros_like(x)", "x.flip(0)", "x.abs()", "x[:1]"),
                "targets": ("torch.zeros_like(x)", "x.flip(0)", "x.roll(1)", "x[:1]", "x.float()"),
            }.get(node.id, ()):
                yield replace(node, expression(text, x=node))


def clip_gradients(scope: Scope) -> Iterator[Edit]:
    """Gradients are cut, or scaled, before the update."""
    for call in scope.calls("optimizer.step"):
        here = scope.statement_of(call)
        for text in (
            "nn.utils.clip_grad_norm_(model.parameters(), 0.1)",
            "nn.utils.clip_grad_value_(model.parameters(), 0.01)",
            "[p.grad.mul_(0.5) for p in model.parameters()]",
        ):
            yield replace(here, [statement(text), here])


def modes(scope: Scope) -> Iterator[Edit]:
    """train() for eval() and the other way round, a flag that is set by hand, gradients where none are needed."""
    for call in scope.calls("model.train", "model.eval"):
        other = "eval" if ast.unparse(call.func).endswith("train") else "train"
        yield replace(call, expression(f"model.{other}()"))
        yield replace(call, expression("model.train()"))
        yield replace(scope.statement_of(call), statement(f"model.training = {other == 'eval'}"))
    for call in scope.calls("torch.no_grad"):
        for text in ("torch.enable_grad()", "torch.inference_mode()", "torch.set_grad_enabled(True)"):
            yield replace(call, expression(text))


def backward_options(scope: Scope) -> Iterator[Edit]:
    """A graph that is kept, a loss that is climbed, gradients of something else."""
    for call in scope.calls("loss.backward"):
        for text in ("loss.backward(retain_graph=True)", "(-loss).backward()", "(loss * len(inputs)).backward()"):
            yield replace(call, expression(text))
        yield replace(call, expression("criterion(model(inputs), targets).backward()"))


def recreate(scope: Scope) -> Iterator[Edit]:
    """A new optimizer, or an untrained model, in every round."""
    made = "optimizer = type(optimizer)(model.parameters(), lr=optimizer.param_groups[0]['lr'])"
    twin = "model = __import__('copy').deepcopy(model)"
    for function in scope.functions:
        given = {argument.arg for argument in function.args.args}
        bodies = [body for body in scope.blocks if scope.function_of(body[0]) is function]
        for body in bodies:
            for needs, text in (({"optimizer", "model"}, made), ({"model"}, twin)):
                if needs <= given:
                    yield replace(body[0], [statement(text), body[0]])


def reduction(scope: Scope) -> Iterator[Edit]:
    """A sum for a mean, the smallest for the largest, a flag for a number."""
    others = {"argmax": ("argmin", "max", "argsort"), "sum": ("mean", "any", "all", "prod")}
    for call in scope.calls():
        if isinstance(call.func, ast.Attribute):
            for other in others.get(call.func.attr, ()):
                yield replace(call.func, with_fields(call.func, attr=other))
            if call.func.attr == "item":
                for text in ("x.detach()", "float(x) * 100", "round(x.item())", "x.item() / 2"):
                    yield replace(call, expression(text, x=call.func.value))


def percent(scope: Scope) -> Iterator[Edit]:
    """A number in other units, rounded, or as a tensor."""
    for node in scope.of(ast.Return):
        assert isinstance(node, ast.Return)
        if isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Div):
            for text in ("100 * x", "round(x, 2)", "torch.tensor(x)", "int(x)", "1 - x"):
                yield replace(node.value, expression(text, x=node.value))


def wrong_record(scope: Scope) -> Iterator[Edit]:
    """A history that holds something else, or a curve of other points."""
    for call in scope.calls():
        if isinstance(call.func, ast.Attribute) and call.func.attr == "append":
            value = call.args[0]
            for text in ("[x]", "str(x)", "100 * x", "torch.tensor(x)", "round(x, 1)", "(len(history), x)"):
                yield replace(value, expression(text, x=value))
            yield replace(call.func, with_fields(call.func, attr="extend"))
        if isinstance(call.func, ast.Attribute) and call.func.attr == "plot":
            for other in ("scatter", "bar", "semilogy", "loglog"):
                yield replace(call.func, with_fields(call.func, attr=other))
            for argument in call.args[1:]:
                for text in ("x[1:]", "x[::-1]", "sorted(x)", "x[-1:]"):
                    yield replace(argument, expression(text, x=argument))
