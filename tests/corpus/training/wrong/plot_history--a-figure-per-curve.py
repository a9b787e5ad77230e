# fails: behaviour
import matplotlib.pyplot as plt


def plot_history(history):
    epochs = range(1, len(history["train_loss"]) + 1)
    fig = plt.figure(figsize=(10, 4))
    plt.plot(epochs, history["train_loss"], label="train loss")
    plt.xlabel("epoch")
    plt.ylabel("loss")
    plt.title("Loss")
    plt.legend()
    plt.figure()
    plt.plot(epochs, history["test_accuracy"], label="test accuracy")
    plt.xlabel("epoch")
    plt.ylabel("accuracy")
    plt.title("Accuracy")
    plt.legend()
    return fig
