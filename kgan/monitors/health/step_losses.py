"""`StepLosses`: each step's losses, taken back out of the epoch means that Keras logs."""

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

# No critic's loss that still works comes near; those of a diverging training passed 1,000 within a few steps.
LEAP = 100.0
# In the first steps of all, a loss without bounds may leap and come back.
SETTLING_STEPS = 50


class StepLosses:
    """Follows the logs from batch to batch.

    Attributes:
        names: Which of the logged terms make up the critic's loss.
        worst: The largest absolute value of the critic's loss in a step since `forget`.
        leaps: How many steps since then had one above `LEAP`.
        not_finite: Names of the losses that are NaN or infinite now.
    """

    def __init__(self) -> None:
        self.names: Collection[str] = ()
        self.not_finite: tuple[str, ...] = ()
        self.start_epoch()
        self.forget()

    def start_epoch(self) -> None:
        """Notes that the means start anew."""
        self._count, self._total = 0, 0.0

    def forget(self) -> None:
        """Starts counting anew."""
        self.worst, self.leaps = 0.0, 0

    def update(self, count: int, step: int, logs: Mapping[str, Any]) -> None:
        """Takes the means over the epoch's first `count` steps; the training stands at `step`."""
        means = {name: float(np.mean(value)) for name, value in logs.items()}
        self.not_finite = tuple(name for name, mean in means.items() if not math.isfinite(mean))
        total = count * sum(means.get(name, 0.0) for name in self.names)
        steps, before = count - self._count, self._total
        self._count, self._total = count, total
        if step > SETTLING_STEPS and steps > 0:
            loss = abs(total - before) / steps
            self.worst = max(self.worst, loss)
            self.leaps += steps if loss > LEAP else 0
