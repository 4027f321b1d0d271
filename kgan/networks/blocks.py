"""What the networks of pix2pix and CycleGAN share: their convolutions' start and their normalizations.

Both papers' code starts convolutions as N(0, 0.02^2) and normalises with epsilon 1e-5; Keras's defaults differ.
"""

from typing import Any

import keras
from keras import layers

INIT_STDDEV = 0.02
EPSILON = 1e-5


def convolution(channels: int, kernel_size: int, strides: int = 1, padding: str = "same", **options: Any) -> Any:
    """Returns a Conv2D whose kernel starts as N(0, 0.02^2)."""
    # An initializer of its own: one object gives equal weights to layers of equal shape.
    start = keras.initializers.RandomNormal(0.0, INIT_STDDEV)
    return layers.Conv2D(channels, kernel_size, strides, padding, kernel_initializer=start, **options)


def doubling(channels: int, kernel_size: int, **options: Any) -> Any:
    """Returns a Conv2DTranspose of stride 2 whose kernel starts as N(0, 0.02^2)."""
    start = keras.initializers.RandomNormal(0.0, INIT_STDDEV)
    options = {"padding": "same", "kernel_initializer": start, **options}
    return layers.Conv2DTranspose(channels, kernel_size, strides=2, **options)
