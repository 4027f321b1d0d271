"""Zero-centred gradient penalties, on one kind of image each: R1 and R2."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from kgan.penalties.base import Penalty
from kgan.penalties.gradients import squared_gradient_norms


@keras.saving.register_keras_serializable(package="kgan")
class R1(Penalty):
    """R1, the squared gradient at real images (Mescheder et al. 2018, equation 9): weight / 2 * E_real[||∇D(x)||^2].

    Args:
        weight: γ, at least 0. 10 is the paper's; the larger the images, the more it takes.
        every: The term acts once in so many critic steps; 16 is StyleGAN2's.

    Raises:
        InputError: If an argument is out of its range.
    """

    name = "r1"

    def __init__(self, weight: float = 10.0, every: int = 1):
        super().__init__(weight, every)

    def __call__(self, critic: Callable[[Any], Any], real: Any, fake: Any, seed: Any) -> Any:
        """Returns the weighted term, a float32 scalar; `fake` and `seed` are not used."""
        return 0.5 * self.weight * tf.reduce_mean(squared_gradient_norms(critic, real))


@keras.saving.register_keras_serializable(package="kgan")
class R2(Penalty):
    """R2, the squared gradient at generated images (Mescheder et al. 2018, eq. 10): weight / 2 * E_fake[||∇D(x)||^2].

    Args:
        weight: γ, at least 0.
        every: The term acts once in so many critic steps.

    Raises:
        InputError: If an argument is out of its range.
    """

    name = "r2"

    def __init__(self, weight: float = 10.0, every: int = 1):
        super().__init__(weight, every)

    def __call__(self, critic: Callable[[Any], Any], real: Any, fake: Any, seed: Any) -> Any:
        """Returns the weighted term, a float32 scalar; `real` and `seed` are not used."""
        return 0.5 * self.weight * tf.reduce_mean(squared_gradient_norms(critic, fake))
