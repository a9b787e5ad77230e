import matplotlib.pyplot as plt


def plot_history(history):
    图, (左, 右) = plt.subplots(ncols=2)
    左.plot(history["train_loss"])
    左.set_title("loss")
    右.plot(history["test_accuracy"])
    右.set_title("accuracy")
    for 轴, 名 in ((左, "loss"), (右, "accuracy")):
        轴.set_xlabel("epoch")
        轴.set_ylabel(名)
    return 图
