"""What an exception, or the way a worker died, usually means in this course: a hint that teaches, never the code."""

from __future__ import annotations

import re

from grader.sandbox import limits as kinds

# The first pattern that is found in "Type: message" gives the hint.
_EXCEPTIONS = (
    (
        r"mat1 and mat2 shapes cannot be multiplied",
        "What leaves one layer must be what enters the next. Follow the shape of one batch through forward.",
    ),
    (
        r"must match the size of tensor|must match the existing size",
        "Two tensors can be added only if they agree in every axis. Print the shapes on both sides of the addition.",
    ),
    (r"list is not a Module subclass", "The container wants the layers one by one, not one list."),
    (r"dict is not a Module subclass", "Names are accepted only through one particular kind of mapping."),
    (
        r"is not a Module subclass",
        "Containers hold layer objects: not functions, and not classes that were never called.",
    ),
    (
        # The second is how it shows where nothing was attached before the first call.
        r"before Module.__init__\(\) call|has no attribute '_(parameters|buffers|modules|\w{1,40}_hooks)'",
        "The base class must set up its bookkeeping before layers are attached.",
    ),
    (
        r"Module \[Module(List|Dict)\] is missing",
        "This container stores layers, but does not know in which order to run them.",
    ),
    (
        r"missing the required \"forward\"",
        "The framework calls methods by their exact name: compare yours letter by letter.",
    ),
    (r"'str' object is not callable", "What does a loop over a dictionary give: keys, or values?"),
    (r"must be Tensor, not NoneType", "A method that ends without return gives None."),
    (
        r"must be Tensor, not (ReLU|Linear|BatchNorm|Flatten|Softmax|Conv)",
        "Building a layer and applying a layer are two separate steps.",
    ),
    (
        r"Boolean value of Tensor with more than one value",
        "A function got self, or a layer class got data, in the place of its first argument.",
    ),
    (r"modified by an inplace operation", "The backward pass needs a value that was overwritten in place."),
    (r"Expected more than 1 value per channel", "A mean and a spread cannot be taken over one value."),
    (r"Output size is too small", "A fixed window does not fit every image size. Which pooling adapts to its input?"),
    (r"view size is not compatible", "view needs memory in one piece; reshape copies where it must."),
    (
        r"takes \d+ positional arguments? but|required positional argument|unexpected keyword",
        "Compare the signature with the handout, argument by argument.",
    ),
    (
        r"ModuleNotFoundError: No module named",
        "Hand in every file that the code imports. Only torch and what comes with it is installed here.",
    ),
    (
        r"has no attribute",
        "A name that is local to __init__ is gone when it ends; what forward needs must be kept on self.",
    ),
    (r"NameError", "Would the file still run if it were executed from the top in a fresh session?"),
)

_DEATHS = {
    kinds.CPU_LIMIT: (
        "stopped at the limit of computing time",
        "Is there a loop that never ends, or a training run at the top level of the file?",
    ),
    kinds.WALL_LIMIT: (
        "stopped at the limit of waiting time",
        "Does the code wait for something: input, a window, the network, a lock?",
    ),
    kinds.OUTPUT_LIMIT: ("stopped at the limit of printed output", "Take out the print statements inside loops."),
    kinds.EXITED: (
        "the process ended",
        "Code that is imported must not end the program: take out exit(), quit() and os._exit().",
    ),
    kinds.CRASHED: ("the process crashed", "Something below Python broke. Try the call in a fresh session."),
    kinds.PROTOCOL: (
        "an answer that is not one",
        "The code changes how the grader's worker talks. Leave torch and Python's own functions as they are.",
    ),
}


def of_exception(text: str) -> str:
    """The hint for ``Type: message``, or nothing."""
    return next((hint for pattern, hint in _EXCEPTIONS if re.search(pattern, text)), "")


def of_death(kind: str) -> tuple[str, str]:
    """What happened, in a few words, and the hint."""
    return _DEATHS[kind]
