# fails: behaviour
import matplotlib.pyplot as plt


def plot_history(history):
    epochs = range(1, len(history["train_loss"]) + 1)
    fig, (left, right) = plt.subplots(1, 2)
    left.plot(epochs, history["train_loss"])
    left.set(title="Loss", xlabel="loss", ylabel="epoch")
    right.plot(epochs, history["test_accuracy"])
    right.set(title="Accuracy", xlabel="accuracy", ylabel="epoch")
    return fig
