# fails: behaviour
import matplotlib.pyplot as plt


def plot_history(history):
    epochs = range(1, len(history["train_loss"]) + 1)
    plt.title("train loss and test accuracy")
    fig = plt.figure()
    ax = fig.add_subplot()
    ax.plot(epochs, history["train_loss"], label="train loss")
    ax.plot(epochs, history["test_accuracy"], label="test accuracy")
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss / accuracy")
    return fig
