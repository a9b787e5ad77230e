import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def plot_history(history):
    figure, left = pyplot.subplots()
    right = left.twinx()
    epochs = range(1, 1 + len(history["train_loss"]))
    (a,) = left.plot(epochs, history["train_loss"], "r.-")
    (b,) = right.plot(epochs, history["test_accuracy"], "b.-")
    left.set_xlabel("Epoch")
    left.set_ylabel("Loss", color="r")
    right.set_ylabel("Accuracy", color="b")
    left.legend([a, b], ["loss", "accuracy"], loc="center right")
    return figure
