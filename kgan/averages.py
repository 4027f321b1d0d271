"""The running average of a network's weights (Polyak averaging; Yazici et al. 2019 for GANs)."""

import keras
import tensorflow as tf


def frozen_copy(network: keras.Model) -> keras.Model:
    """Returns a copy of a built network with the same weights, none of them trainable."""
    copy = keras.models.clone_model(network)
    # Cloning initialises anew.
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy


def move_towards(mean: keras.Model, network: keras.Model, rate: tf.Tensor) -> None:
    """Moves the weights of `mean` a share `rate` of the way to those of `network`, BatchNorm's statistics too."""
    pairs = zip(mean.weights, network.weights, strict=True)
    slow, fast = zip(*((s, f) for s, f in pairs if s.dtype.startswith(("float", "bfloat"))), strict=True)
    for average, current in zip(slow, fast, strict=True):
        average.assign_sub(tf.cast(rate, average.dtype) * (average.value - current.value))
