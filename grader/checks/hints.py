"""What an exception, or the way a worker died, usually means in this course: a hint that teaches, never the code.

And what a submission meets here that is otherwise at home: no network, no GPU, one process, a few packages.
"""

from __future__ import annotations

import re

from grader.language import N_, _
from grader.sandbox import limits as kinds

_PACKAGES = (
    "pandas|sklearn|scipy|seaborn|plotly|tqdm|torchvision|torchaudio|torchtext|torchinfo|torchsummary|torchmetrics|"
    "torchviz|tensorboard|tensorboardX|wandb|mlflow|lightning|pytorch_lightning|ignite|fastai|transformers|datasets|"
    "timm|einops|cv2|skimage|imageio|albumentations|requests|gdown|wget|kaggle|ipywidgets|joblib|numba|tensorflow|"
    "keras|jax|h5py|tabulate|termcolor|psutil|dotenv|yaml"
)
# The first pattern that is found in "Type: message" gives the hint; its named groups may be used there.
_EXCEPTIONS = (
    (
        r"mat1 and mat2 shapes cannot be multiplied",
        N_("What leaves one layer must be what enters the next. Follow the shape of one batch through forward."),
    ),
    (
        r"must match the size of tensor|must match the existing size",
        N_(
            "Two tensors can be added only if they agree in every axis. Print the shapes on both sides of the addition."
        ),
    ),
    (r"list is not a Module subclass", N_("The container wants the layers one by one, not one list.")),
    (r"dict is not a Module subclass", N_("Names are accepted only through one particular kind of mapping.")),
    (
        r"is not a Module subclass",
        N_("Containers hold layer objects: not functions, and not classes that were never called."),
    ),
    (
        # The second is how it shows where nothing was attached before the first call.
        r"before Module.__init__\(\) call|has no attribute '_(parameters|buffers|modules|\w{1,40}_hooks)'",
        N_("The base class must set up its bookkeeping before layers are attached."),
    ),
    (
        r"Module \[Module(List|Dict)\] is missing",
        N_("This container stores layers, but does not know in which order to run them."),
    ),
    (
        r"missing the required \"forward\"",
        N_("The framework calls methods by their exact name: compare yours letter by letter."),
    ),
    (r"'str' object is not callable", N_("What does a loop over a dictionary give: keys, or values?")),
    (r"must be Tensor, not NoneType", N_("A method that ends without return gives None.")),
    (
        r"must be Tensor, not (ReLU|Linear|BatchNorm|Flatten|Softmax|Conv)",
        N_("Building a layer and applying a layer are two separate steps."),
    ),
    (
        r"Boolean value of Tensor with more than one value",
        N_("A function got self, or a layer class got data, in the place of its first argument."),
    ),
    (r"modified by an inplace operation", N_("The backward pass needs a value that was overwritten in place.")),
    (r"Expected more than 1 value per channel", N_("A mean and a spread cannot be taken over one value.")),
    (
        r"Output size is too small",
        N_("A fixed window does not fit every image size. Which pooling adapts to its input?"),
    ),
    (r"view size is not compatible", N_("view needs memory in one piece; reshape copies where it must.")),
    (
        r"takes \d+ positional arguments? but|required positional argument|unexpected keyword",
        N_("Compare the signature with the handout, argument by argument."),
    ),
    (
        r"No module named 'google|No module named 'kaggle_secrets",
        N_("Colab and Kaggle have modules that exist there alone: leave them out of what is handed in."),
    ),
    (
        r"No module named 'IPython|name '(get_ipython|display)' is not defined",
        N_("What only a notebook has, such as display and get_ipython, is not there: the cells run as plain Python."),
    ),
    (
        r"Cannot load backend|display name|connect to display|No module named '_?tkinter|PyQt|PySide",
        N_("There is no screen while grading: leave out what chooses or opens a window, and give back the figure."),
    ),
    (
        rf"No module named '(?P<package>{_PACKAGES})\b",
        N_(
            "{package} is not installed where this is graded. There are torch, numpy, matplotlib and Python's own "
            "library."
        ),
    ),
    (
        r"ModuleNotFoundError: No module named",
        N_("Hand in every file that the code imports. Only torch and what comes with it is installed here."),
    ),
    (
        r"Inductor|BackendCompilerFailed",
        N_("There is no compiler here. Compiling changes speed, not values: leave it out."),
    ),
    (
        r"EOFError: EOF when reading",
        N_("Nobody types while this is graded: what input() would ask for can be an argument of the function."),
    ),
    (
        r"compiled with CUDA|No CUDA GPUs|NVIDIA driver|CUDA driver|accelerator device when none|pin memory allocator"
        r"|support for (mps|xpu)|arguments from the '(CUDA|MPS|XLA|XPU)' backend",
        N_(
            "That device is not there while this is graded. Instead of naming one, follow the device of the input, or "
            "the device that is passed in."
        ),
    ),
    (
        r"URLError|gaierror|urlopen error|name resolution|Network is unreachable|ConnectionError|Error downloading|"
        r"ConnectionRefused|Dataset not found|download=True|no internet connection",
        N_(
            "The network is off while this is graded: nothing can be downloaded. Use the data that is passed in, or "
            "hand in the file."
        ),
    ),
    (
        r"can't start new thread",
        N_("Only a few dozen threads can run at a time while this is graded: is one started for every item?"),
    ),
    (
        # What a system call answers that is not allowed, or one process too many; the files are in the next ones.
        r"(PermissionError|OSError): (\[Errno 1\]|.{0,60}Operation not permitted)|BlockingIOError: \[Errno 11\]",
        N_(
            "While this is graded, a submission is one process without a network: no new processes, nothing downloaded."
        ),
    ),
    (
        r"\[Errno (28|27|122)\]|No space left",
        N_(
            "All files that the code writes share a small disk while this is graded: write less, or remove "
            "what is done."
        ),
    ),
    (r"\[Errno 24\]|Too many open files", N_("Many files are open at once: is each closed again after use?")),
    (
        r"(PermissionError: \[Errno 13\]|OSError: \[Errno 30\]|Read-only file system)",
        N_("Only the current folder can be written to while this is graded, and other programs cannot be run."),
    ),
    (
        r"(FileNotFoundError|NotADirectoryError)",
        N_(
            "Only what was handed in is there while this is graded: no folder of your own machine or drive, no other "
            "program. Name files by where they lie beside the code."
        ),
    ),
    (
        r"SystemExit",
        N_(
            "Importing a file must not end the program. What belongs to running it by hand (parsing arguments, exit) "
            "goes below a test of __name__."
        ),
    ),
    (
        r"Interrupted: ",
        N_("Long runs at the top level belong below a test of __name__, so that the file can be imported."),
    ),
    (
        r"has no attribute",
        N_("A name that is local to __init__ is gone when it ends; what forward needs must be kept on self."),
    ),
    (r"NameError", N_("Would the file still run if it were executed from the top in a fresh session?")),
)

_GROWS = N_(
    "Does something grow from step to step? A list of loss tensors keeps the graph of every step alive; a list of "
    "numbers does not."
)
_LARGE = N_("One object of that size is seldom meant: which of its dimensions is so large?")

_DEATHS = {
    kinds.CPU_LIMIT: (
        N_("stopped at the limit of computing time"),
        N_("Is there a loop that never ends, or a training run at the top level of the file?"),
    ),
    kinds.WALL_LIMIT: (
        N_("stopped at the limit of waiting time"),
        N_("Does the code wait for something: input, a window, the network, a lock, a sleep?"),
    ),
    kinds.MEMORY_LIMIT: (N_("ended by the kernel"), _GROWS),
    kinds.ANSWER_LIMIT: (
        N_("a result that is far too large"),
        N_("Print the shape of the result: is one dimension too many?"),
    ),
    kinds.DISK_LIMIT: (N_("stopped at the limit of files written"), N_("Write less, or remove what is done with.")),
    kinds.OUTPUT_LIMIT: (
        N_("stopped at the limit of printed output"),
        N_("Take out the print statements inside loops."),
    ),
    kinds.EXITED: (
        N_("the process ended"),
        N_("Code that is imported must not end the program: take out exit(), quit() and os._exit()."),
    ),
    kinds.CRASHED: (N_("the process crashed"), N_("Something below Python broke. Try the call in a fresh session.")),
    kinds.PROTOCOL: (
        N_("an answer that is not one"),
        N_("The code changes how the grader's worker talks. Leave torch and Python's own functions as they are."),
    ),
}


_ADAPTED = {
    "num_workers": N_(
        "num_workers={number} became 0: while grading, each submission has one process. The batches stay the same."
    ),
    "compile": N_("torch.compile was left out while grading: it changes speed, not values."),
    "processes": N_("A new process or program was tried: while grading, each submission has one process and no other."),
    "network": N_("The network was tried, and is off while grading: nothing can be downloaded."),
}


def of_exception(text: str) -> str:
    """The hint for ``Type: message``, or nothing."""
    for pattern, hint in _EXCEPTIONS:
        found = re.search(pattern, text)
        if found:
            return _(hint).format(**found.groupdict())
    return ""


def of_memory(at_once: bool) -> str:
    """The hint for memory that ran out: `at_once` for one request, or bit by bit."""
    return _(_LARGE if at_once else _GROWS)


def of_adaptation(name: str, value: str) -> str:
    """The sentence for what a worker adapted; nothing for what is not known, since a worker may say anything."""
    sentence = _ADAPTED.get(name, "")
    known = value.isdecimal() and len(value) < 10 if "{number}" in sentence else not value
    return _(sentence).format(number=value) if known else ""


def of_death(kind: str) -> tuple[str, str]:
    """What happened, in a few words, and the hint."""
    happened, hint = _DEATHS[kind]
    return _(happened), _(hint)
