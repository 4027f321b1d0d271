"""Penalties that ask for a gradient norm: WGAN-GP's, two-sided and one-sided, and DRAGAN's."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from kgan.errors import InputError
from kgan.penalties.base import Penalty
from kgan.penalties.gradients import gradient_norms


@keras.saving.register_keras_serializable(package="kgan")
class GradientPenalty(Penalty):
    """WGAN-GP's gradient penalty (Gulrajani et al. 2017, equation 3).

        weight * E[(||∇D(x̂)|| - target)^2],   x̂ = ε real + (1 - ε) fake,   ε ~ U(0, 1), one for each pair of images

    One-sided (Petzka et al. 2018, "WGAN-LP"): weight * E[max(0, ||∇D(x̂)|| - target)^2], which lets the critic be
    flatter than the target.

    Args:
        weight: λ, at least 0.
        target: The norm that is asked for, at least 0; 1 is the papers'.
        one_sided: Whether only norms above the target are penalised.
        every: The term acts once in so many critic steps.

    Raises:
        InputError: If an argument is out of its range; when called, if real and generated images differ in shape.
    """

    name = "gradient_penalty"

    def __init__(self, weight: float = 10.0, target: float = 1.0, one_sided: bool = False, every: int = 1):
        super().__init__(weight, every)
        if not target >= 0.0:
            raise InputError(f"`target` is a norm of gradients and must be at least 0; got {target!r}.")
        self.target = target
        self.one_sided = bool(one_sided)

    def __call__(self, critic: Callable[[Any], Any], real: Any, fake: Any, seed: Any) -> Any:
        """Returns the weighted term, a float32 scalar."""
        excess = gradient_norms(critic, self.interpolate(real, fake, seed)) - self.target
        if self.one_sided:
            excess = tf.nn.relu(excess)
        return self.weight * tf.reduce_mean(tf.square(excess))

    @staticmethod
    def interpolate(real: Any, fake: Any, seed: Any) -> tf.Tensor:
        """Returns x̂, one random point on the line between each real image and the generated one at its place."""
        real, fake = tf.cast(real, tf.float32), tf.cast(fake, tf.float32)
        if not real.shape.is_compatible_with(fake.shape):
            raise InputError(
                f"the gradient penalty mixes real and generated images in pairs, so they must have one shape; "
                f"got {real.shape} and {fake.shape}."
            )
        epsilon = tf.random.stateless_uniform([tf.shape(real)[0]] + [1] * (real.shape.rank - 1), seed, alg="philox")
        return epsilon * real + (1.0 - epsilon) * fake

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "target": self.target, "one_sided": self.one_sided}


@keras.saving.register_keras_serializable(package="kgan")
class DRAGAN(Penalty):
    """DRAGAN's penalty around the real images (Kodali et al. 2017).

        weight * E[(||∇D(x + δ)|| - 1)^2],   x real,   δ = 0.5 std(x) u,   u ~ U(0, 1) for each pixel

    std(x) is over all values of the batch. The noise is that of the authors' code; their text has N(0, c I).

    Args:
        weight: λ, at least 0.
        every: The term acts once in so many critic steps.

    Raises:
        InputError: If an argument is out of its range.
    """

    name = "dragan"

    def __init__(self, weight: float = 10.0, every: int = 1):
        super().__init__(weight, every)

    def __call__(self, critic: Callable[[Any], Any], real: Any, fake: Any, seed: Any) -> Any:
        """Returns the weighted term, a float32 scalar; `fake` is not used."""
        norms = gradient_norms(critic, self.perturb(real, seed))
        return self.weight * tf.reduce_mean(tf.square(norms - 1.0))

    @staticmethod
    def perturb(real: Any, seed: Any) -> tf.Tensor:
        """Returns x + δ."""
        real = tf.cast(real, tf.float32)
        noise = tf.random.stateless_uniform(tf.shape(real), seed, alg="philox")
        return real + 0.5 * tf.math.reduce_std(real) * noise
