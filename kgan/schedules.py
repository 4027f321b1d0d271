"""Learning-rate schedules that Keras lacks."""

from typing import Any

import keras
from keras import ops

from kgan.errors import InputError


@keras.saving.register_keras_serializable(package="kgan")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Stays, then goes down on a straight line: the rate of CycleGAN and pix2pix (Zhu et al. 2017, section 4).

        rate(step) = initial + (end - initial) * clip((step - hold T) / (T - hold T), 0, 1),   T = total_steps

    The paper holds the rate for 100 epochs and takes it to 0 over the next 100. The authors' code changes it once an
    epoch, to 1 - (epoch - 100) / 101 of the initial one; here it changes at every step. (Keras's `PolynomialDecay` is
    such a line, but cannot wait.)

    Args:
        initial_learning_rate: Until the line begins.
        total_steps: Steps until it ends; of the optimizer that has it.
        hold: Share of the steps before it begins, in [0, 1).
        end_learning_rate: At its end and ever after.
        name: Of the schedule.

    Raises:
        InputError: If `total_steps` is not positive, or `hold` is out of its range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        total_steps: int,
        hold: float = 0.5,
        end_learning_rate: float = 0.0,
        name: str = "LinearDecay",
    ):
        if total_steps < 1:
            raise InputError(f"total_steps must be at least 1; got {total_steps}.")
        if not 0.0 <= hold < 1.0:
            raise InputError(f"hold is a share of the steps and must lie in [0, 1); got {hold}.")
        self.initial_learning_rate = initial_learning_rate
        self.total_steps = total_steps
        self.hold = hold
        self.end_learning_rate = end_learning_rate
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Returns the rate at a step, a float32 scalar."""
        begin = self.hold * self.total_steps
        gone = ops.clip((ops.cast(step, "float32") - begin) / (self.total_steps - begin), 0.0, 1.0)
        return self.initial_learning_rate + (self.end_learning_rate - self.initial_learning_rate) * gone

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        names = ("initial_learning_rate", "total_steps", "hold", "end_learning_rate", "name")
        return {name: getattr(self, name) for name in names}
