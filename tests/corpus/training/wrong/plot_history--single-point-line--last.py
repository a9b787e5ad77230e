# fails: behaviour
import matplotlib.pyplot as plt


def plot_history(history):
    epochs = range(1, len(history["train_loss"]) + 1)
    fig = plt.figure(figsize=(10, 4))
    plt.subplot(1, 2, 1)
    plt.plot(epochs[-1:], history["train_loss"][-1:], label="train loss")
    plt.xlabel("epoch")
    plt.ylabel("loss")
    plt.title("Loss")
    plt.legend()
    plt.subplot(1, 2, 2)
    plt.plot(epochs[-1:], history["test_accuracy"][-1:], label="test accuracy")
    plt.xlabel("epoch")
    plt.ylabel("accuracy")
    plt.title("Accuracy")
    plt.legend()
    return fig
