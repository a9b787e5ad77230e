# Both curves in one plot, told apart by the legend.
def plot_history(history):
    import matplotlib.pyplot as plt
    import numpy as np

    epochs = np.arange(len(history["train_loss"]))
    fig = plt.figure()
    plt.plot(epochs, np.array(history["test_accuracy"]), marker="s", label="accuracy (test)")
    plt.plot(epochs, np.array(history["train_loss"]), marker="o", label="loss (train)")
    plt.xlabel("epoch")
    plt.ylabel("value")
    plt.title("History")
    plt.grid(True)
    plt.legend(loc="best")
    return fig
