"""grader: grades PyTorch coursework, safely and with feedback that teaches."""

__version__ = "0.1.0"
