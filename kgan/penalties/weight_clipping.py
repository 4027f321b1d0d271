"""Weight clipping."""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from kgan.errors import InputError
from kgan.penalties.base import Constraint


@keras.saving.register_keras_serializable(package="kgan")
class WeightClipping(Constraint):
    """WGAN's weight clipping (Arjovsky et al. 2017, algorithm 1): every weight of the critic stays in [-limit, limit].

    Args:
        limit: c, above 0.
        every: The weights are clipped once in so many critic steps.

    Raises:
        InputError: If an argument is out of its range.
    """

    name = "weight_clipping"

    def __init__(self, limit: float = 0.01, every: int = 1):
        super().__init__(every)
        if not limit > 0.0:
            raise InputError(f"`limit` bounds the critic's weights and must be above 0; got {limit!r}.")
        self.limit = limit

    def project(self, critic_variables: Iterable[Any]) -> None:
        """Clips every variable in place."""
        for variable in critic_variables:
            variable.assign(tf.clip_by_value(variable, -self.limit, self.limit))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"limit": self.limit, "every": self.every}
