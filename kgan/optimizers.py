"""Adam in one kernel."""

from typing import Any

import keras
import tensorflow as tf

from kgan.errors import InputError


@keras.saving.register_keras_serializable(package="kgan")
class FusedAdam(keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015) whose update of a weight is one pass over the memory.

    What `keras.optimizers.Adam` computes, with the same arguments but for `amsgrad`, to the rounding of 1 - beta_2:

        m <- beta_1 m + (1 - beta_1) g,   v <- beta_2 v + (1 - beta_2) g^2
        w <- w - rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)

    Keras writes these lines as a dozen operations, each of which goes through the whole weight. With batches of one
    picture, as pix2pix and CycleGAN have them, that was a third of the step of a network of many weights
    (docs/measurements.md).

    Args:
        *args: See `keras.optimizers.Adam`.
        **kwargs: See there.

    Raises:
        InputError: If `amsgrad` is asked for.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.amsgrad:
            raise InputError("FusedAdam has no amsgrad; use keras.optimizers.Adam(amsgrad=True).")

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Moves a weight; a gradient of few of its rows, as an embedding has it, goes the way that Keras takes."""
        if isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        steps = tf.cast(self.iterations + 1, variable.dtype)
        beta_1, beta_2 = (tf.constant(beta, variable.dtype) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(beta_1, steps),
            beta2_power=tf.pow(beta_2, steps),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(self.epsilon, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
        )
