"""The run folder: options, checkpoints, pictures and logs of one training, and the training that fills it."""

from kgan.runs.folder import Run
from kgan.runs.keeper import Interrupted
from kgan.runs.training import check_budget, fit

__all__ = ["Interrupted", "Run", "check_budget", "fit"]
