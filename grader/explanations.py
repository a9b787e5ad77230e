"""What the words of a result mean, for who reads one: each check, build method, verdict, status and exit code.

Texts only, marked for translation, said by `catalogue`. Nothing is imported, so that ``grade explain`` answers at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.language import N_


@dataclass(frozen=True)
class About:
    """One check: what it looks at, why that matters, what it usually means when it fails. `acting` says what it looks
    at where the exercise is a function that acts, such as a training loop."""

    title: str
    looks: str
    matters: str
    failing: str
    acting: str = ""


CHECKS = {
    "defined": About(
        N_("{name} is there"),
        N_("The file is imported, and the name that the handout asks for is looked up: a class or a function."),
        N_("Everything else is asked of that name, so nothing else can be looked at without it."),
        N_(
            "The name is spelled in another way, it stands inside another function or class, or the file stops before "
            "its end: the line where it stops is named."
        ),
    ),
    "constructs": About(
        N_("It can be built"),
        N_("The class or function is called with several sets of arguments, and must give an nn.Module each time."),
        N_("A model that can be built in one size only is of no use for other data."),
        N_(
            "__init__ takes other arguments than the handout says, the call of super().__init__() is missing or comes "
            "late, or a function ends without return."
        ),
    ),
    "method": About(
        N_("It is built the way the exercise asks"),
        N_("The built model is looked at: which classes hold its layers, and how they were put in."),
        N_("Ways to build compute the same. This exercise is about one of them, so the others do not count here."),
        N_("The layers are right, but held in another container than the exercise is about, or under other names."),
    ),
    "parameters": About(
        N_("Its layers hold the right parameters"),
        N_("The number, the shapes and the roles of all parameters that the model registers, for several arguments."),
        N_("Only parameters that the model knows of are trained, saved, and moved to another device."),
        N_(
            "Layers in a plain list or dictionary are unknown to the model. Sizes of neighbours do not fit, a layer is "
            "missing or there twice, or it has a bias where none is asked for."
        ),
    ),
    "shapes": About(
        N_("Outputs have the right shape"),
        N_("The model is called with several batch sizes and image sizes, and the shape of each output is compared."),
        N_("Values can be compared only where the shapes agree; so most other checks wait for this one."),
        N_(
            "forward raises, a stride or padding differs, flatten takes the batch axis along, or a size is written "
            "down that belongs to one input only."
        ),
    ),
    "forward": About(
        N_("Outputs have the right values"),
        N_(
            "The model gets the weights of the reference solution, and the same random inputs. Outputs are compared "
            "number by number, in train and in eval mode; and the input must be as it was before."
        ),
        N_("With the same weights, another output means another computation."),
        N_(
            "An activation or a normalisation is missing, stands in another place or is another one; a layer is not "
            "called, or called twice; the input is changed in place."
        ),
    ),
    "modes": About(
        N_("train() and eval() work as they should"),
        N_(
            "Modes must reach every layer, two passes in eval mode must agree and change nothing, and a pass in train "
            "mode must update the running statistics of BatchNorm as the reference does."
        ),
        N_("Dropout and BatchNorm behave differently while learning and while predicting: the mode tells them which."),
        N_(
            "Dropout as a function does not follow the mode by itself, layers that the model does not know of are not "
            "reached, and a layer that is called twice counts twice."
        ),
        N_("The mode of the model is noted at every forward pass, and compared with the mode that belongs there."),
    ),
    "gradients": About(
        N_("Gradients reach every parameter and the input"),
        N_(
            "A loss is differentiated. Every parameter and the input must get a gradient that is finite and equals the "
            "reference's."
        ),
        N_("What gets no gradient does not learn, however long the training is."),
        N_(
            "A layer is never used, the computation passes through detach, no_grad, .data or numpy, or an output is "
            "made of something else than the parameters."
        ),
        N_("What each update of the weights saw is compared: the gradient of its own batch, and nothing else."),
    ),
    "device": About(
        N_("It works on any device and in any dtype"),
        N_("The model runs on a device without memory, which shows where a device is written down, and in float64."),
        N_("Code that follows its input runs unchanged on a laptop and on a GPU."),
        N_(
            'A tensor is made in forward without the device and dtype of the input, or "cuda" or "cpu" is written down.'
        ),
        N_("It is noted whether the model, the inputs and the targets of every batch are moved to the device given."),
    ),
    "training": About(
        N_("It learns in a short training run"),
        N_(
            "The model is trained for a few steps, from the same weights and with the same batches as the reference. "
            "The first losses must agree; the accuracy at the end must lie in the band that runs of the reference span."
        ),
        N_("A model may give outputs of the right shape, and still learn nothing."),
        N_(
            "Parts do not learn since no gradient reaches them, softmax is applied twice, or statistics of BatchNorm "
            "are not those of the batch. Mend what the checks before it say first."
        ),
    ),
    "behaviour": About(
        N_("It does what it should"),
        N_("The function is called with a model, data and an optimizer that note what is done to them."),
        N_(
            "A loop is right when each step happens, once, in its order: results alone would not show which is missing."
        ),
        N_(
            "A step of the loop is missing, is in another place or comes too often; a result has another type or is a "
            "mean over something else; an unknown name does not raise."
        ),
    ),
}

METHODS = {
    "direct-subclass": N_("A class that derives from nn.Module itself, with layers as attributes."),
    "sequential-args": N_("An nn.Sequential that gets its layers as positional arguments."),
    "sequential-add-module": N_("An empty nn.Sequential that is filled by add_module, with the names of the handout."),
    "sequential-ordered-dict": N_("An nn.Sequential made from one OrderedDict, with the names of the handout."),
    "sequential-containers": N_("A class whose layers are held in nn.Sequential containers."),
    "module-list": N_("A class whose layers are held in an nn.ModuleList."),
    "module-dict": N_("A class whose layers are held in an nn.ModuleDict."),
    "functional": N_("A class with parameters of its own, applied by functions rather than by layers."),
}

OUTCOMES = {
    "passed": N_("The student's doing, and right: it earns its points."),
    "failed": N_(
        "The student's doing, and not right: other values, an exception in the code, or a limit reached. It earns "
        "nothing."
    ),
    "skipped": N_(
        "Nobody's doing: a check that it needs did not pass, or there is nothing to judge. It earns nothing until then."
    ),
    "error": N_(
        "The grader's doing: the sandbox, a check or the reference broke. It earns nothing yet; a person must look."
    ),
    "graded": N_("The exercise was looked at. Its checks say what came of it."),
    "not-submitted": N_("The file of the exercise is absent, so every check is skipped."),
    "not-attempted": N_(
        "The name is absent, or using it still raises the NotImplementedError of the stub, so every check is skipped."
    ),
}

EXITS = {
    "0": N_("everything graded passed"),
    "1": N_("graded, and something did not pass"),
    "2": N_("wrong usage"),
    "3": N_("nothing there to grade, or it cannot be read"),
    "4": N_("the grader itself failed on something; a person must look"),
    "130": N_("interrupted; what was finished is kept"),
}
