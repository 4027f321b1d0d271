"""The run folder: options, checkpoints, pictures and logs of one training, and the training that fills it."""

from kgan.runs.folder import Run
from kgan.runs.training import Interrupted, fit

__all__ = ["Interrupted", "Run", "fit"]
