"""Layers that Keras lacks."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="kgan")
class Clip(keras.layers.Layer):
    """Clips to [-1, 1], the range of images, and never gets stuck there.

    Backwards it projects: the gradient passes, except at a value beyond an end that it would push farther out. That is
    the projected gradient of optimisation within a box. After tanh, the usual end of a generator, hardly any gradient
    is left once pixels are all black or white; where most of the real ones are, as in MNIST, a generator whose first
    steps make everything black may never come back (docs/measurements.md).

    Shape and type of the output are those of the input.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns min(max(inputs, -1), 1)."""
        return _clip(inputs)


@tf.custom_gradient
def _clip(inputs: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], Any]]:
    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        # Descent moves against the gradient.
        outwards = ((inputs > 1.0) & (upstream < 0.0)) | ((inputs < -1.0) & (upstream > 0.0))
        return tf.where(outwards, tf.zeros_like(upstream), upstream)

    return tf.clip_by_value(inputs, -1.0, 1.0), gradient
