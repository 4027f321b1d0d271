"""What images may pass before a code is read from them: random changes that leave alone what the code is to be.

A code that is read from T(x) instead of x, T random, can only be one that survives T, for what T destroys carries no
information: I(c; T(x)) <= I(c; x), the data processing inequality. So a bound on the first is one on the second, and
the choice of T says what a code is not to be, without a single label. Any stateless augmentation of `kgan.augment` can
be such a channel.
"""

import math
from typing import Any

import keras
import tensorflow as tf

from kgan.augment.affine import compose, matrices
from kgan.augment.base import Augment
from kgan.augment.geometry import scale, shift, turn, warp
from kgan.errors import InputError


@keras.saving.register_keras_serializable(package="kgan")
class Distortion(Augment):
    """Shears, turns, sizes, stretches, moves and thickens each image by amounts of its own, uniform in [-most, most].

    Args:
        shear: Most that it leans: pixels across per pixel of height.
        turn: Most radians that it is turned.
        zoom: Most octaves that it is sized by, about its centre.
        stretch: Most octaves that its breadth is sized by besides.
        shift: Most that it is moved, across and down, as a share of its sides.
        thicken: Most that it is mixed with the largest of each pixel's 3x3 neighbours, or the smallest where thinned;
            1 replaces it by these. On bright strokes this is the stroke's width.

    Raises:
        InputError: If an amount is negative, or `thicken` above 1.
    """

    def __init__(
        self,
        shear: float = 0.0,
        turn: float = 0.0,
        zoom: float = 0.0,
        stretch: float = 0.0,
        shift: float = 0.0,
        thicken: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.amounts = {"shear": shear, "turn": turn, "zoom": zoom, "stretch": stretch, "shift": shift}
        self.amounts["thicken"] = thicken
        for name, most in self.amounts.items():
            if not 0.0 <= most < math.inf:
                raise InputError(f"`{name}` must be a number of at least 0; got {most!r}.")
        if thicken > 1.0:
            raise InputError(f"`thicken` is a share, at most 1; got {thicken!r}.")

    def augment(self, images: Any, seed: Any) -> tf.Tensor:
        """Returns the images distorted, float32, in the range that they have; what lies outside them is mirrored."""
        images = tf.cast(images, tf.float32)
        drawn = tf.random.stateless_uniform((7, tf.shape(images)[0]), seed, -1.0, 1.0, alg="philox")
        most = self.amounts
        lean, angle, zoom, stretch, across, down, thicken = tf.unstack(drawn)
        height, width = (tf.cast(side, tf.float32) for side in tf.unstack(tf.shape(images)[1:3]))
        if any(value for name, value in most.items() if name != "thicken"):
            zoom = most["zoom"] * zoom
            maps = compose(
                matrices([[1, most["shear"] * lean, 0], [0, 1, 0], [0, 0, 1]]),
                turn(most["turn"] * angle),
                scale(zoom + most["stretch"] * stretch, zoom),
                shift(most["shift"] * across * width, most["shift"] * down * height),
            )
            images = warp(images, maps)
        return _thicken(images, most["thicken"] * thicken) if most["thicken"] else images

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), **self.amounts}


def _thicken(images: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Mixes each image with the largest of every pixel's neighbours by `amount`, with the smallest where negative."""
    largest = tf.nn.max_pool2d(images, 3, 1, "SAME")
    smallest = -tf.nn.max_pool2d(-images, 3, 1, "SAME")
    amount = amount[:, None, None, None]
    return images + tf.nn.relu(amount) * (largest - images) + tf.nn.relu(-amount) * (smallest - images)
