# fails: behaviour
import matplotlib.pyplot as plt


def plot_history(history):
    epochs = range(1, len(history["train_loss"]) + 1)
    fig, axes = plt.subplots(2, 2)
    for ax, (key, values) in zip(axes[0], history.items()):
        ax.plot(epochs, values)
        ax.set(title=key, xlabel="epoch", ylabel=key)
    return fig
