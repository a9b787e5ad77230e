import matplotlib.pyplot as plt


def plot_history(history):
    fig, axes = plt.subplots(1, 2, figsize=(9, 3))
    for ax, (key, values) in zip(axes, history.items()):
        ax.plot(range(len(values)), values)
        ax.set(title=key.replace("_", " "), xlabel="epoch", ylabel=key.split("_")[1])
    fig.tight_layout()
    plt.close(fig)
    return fig
