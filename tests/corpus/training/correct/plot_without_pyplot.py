from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def plot_history(history):
    fig = Figure()
    FigureCanvasAgg(fig)
    epochs = list(range(1, len(history["train_loss"]) + 1))
    top = fig.add_subplot(2, 1, 1)
    top.plot(epochs, history["train_loss"], label="training loss")
    top.set_xlabel("epoch")
    top.set_ylabel("loss")
    top.legend()
    bottom = fig.add_subplot(2, 1, 2)
    bottom.plot(epochs, history["test_accuracy"], label="test accuracy", color="green")
    bottom.set_xlabel("epoch")
    bottom.set_ylabel("accuracy")
    bottom.legend()
    return fig
