import matplotlib.pyplot as plt


def plot_history(history):
    with plt.style.context("ggplot"):
        fig, (upper, lower) = plt.subplots(nrows=2, layout="constrained")
        epochs = [n + 1 for n, _ in enumerate(history["train_loss"])]
        upper.plot(epochs, history["train_loss"], color="tab:red", label="loss")
        lower.plot(epochs, history["test_accuracy"], color="tab:blue", label="accuracy")
        upper.set(xlabel="epoch", ylabel="loss")
        lower.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
        fig.legend()
        fig.suptitle("Training")
    plt.ioff()
    return fig
