"""ADA's geometric changes: where each pixel of the result comes from.

A map takes pixel coordinates (x, y, 1) of the result to those of the image, from the centre, x to the right and y
down. The product of the maps of several changes, in their order, is the map of all of them: the image is resampled
once.
"""

import math

import tensorflow as tf

from kgan.augment.affine import matrices
from kgan.augment.draws import Draws

# Largest whole shift, and the deviations of the others, as shares of a side or in octaves.
WHOLE_SHIFT = 1 / 8
SHIFT_DEVIATION = 1 / 8
SCALE_DEVIATION = 0.2


def blit(draws: Draws, height: tf.Tensor, width: tf.Tensor) -> list[tf.Tensor]:
    """Returns the maps `(n, 3, 3)` that only move pixels: mirror, quarter turns, whole shifts."""
    mirrored = draws.gate() * draws.integers(2)
    turns = draws.gate() * draws.integers(4)
    shifted = draws.gate()
    right = tf.round(shifted * draws.uniform(WHOLE_SHIFT) * tf.cast(width, tf.float32))
    down = tf.round(shifted * draws.uniform(WHOLE_SHIFT) * tf.cast(height, tf.float32))
    return [mirror(mirrored), quarter_turn(turns), shift(right, down)]


def general(draws: Draws, height: tf.Tensor, width: tf.Tensor) -> list[tf.Tensor]:
    """Returns the maps `(n, 3, 3)` between pixels: scale, a turn, stretch, another turn, shift.

    A turn before and one after the stretch point it anywhere; either comes with 1 - sqrt(1 - p), so that an image is
    turned at all with probability p.
    """
    either = 1.0 - tf.sqrt(1.0 - draws.p)
    size = draws.gate() * draws.normal(SCALE_DEVIATION)
    before = draws.gate(either) * draws.uniform(math.pi)
    elongation = draws.gate() * draws.normal(SCALE_DEVIATION)
    after = draws.gate(either) * draws.uniform(math.pi)
    shifted = draws.gate()
    right = shifted * draws.normal(SHIFT_DEVIATION) * tf.cast(width, tf.float32)
    down = shifted * draws.normal(SHIFT_DEVIATION) * tf.cast(height, tf.float32)
    return [scale(size, size), turn(before), scale(elongation, -elongation), turn(after), shift(right, down)]


def mirror(mirrored: tf.Tensor) -> tf.Tensor:
    """Swaps left and right where `mirrored` is 1, not where it is 0."""
    return matrices([[1.0 - 2.0 * mirrored, 0, 0], [0, 1, 0], [0, 0, 1]])


def quarter_turn(turns: tf.Tensor) -> tf.Tensor:
    """Turns counterclockwise by 0, 1, 2 or 3 right angles."""
    # From a table, for the cosine of a float32 right angle is not 0.
    turns = tf.cast(turns, tf.int32)
    return _rotation(tf.gather([1.0, 0.0, -1.0, 0.0], turns), tf.gather([0.0, 1.0, 0.0, -1.0], turns))


def turn(angles: tf.Tensor) -> tf.Tensor:
    """Turns counterclockwise, by radians."""
    return _rotation(tf.cos(angles), tf.sin(angles))


def scale(wider: tf.Tensor, taller: tf.Tensor) -> tf.Tensor:
    """Enlarges by 2^wider and 2^taller."""
    return matrices([[tf.pow(2.0, -wider), 0, 0], [0, tf.pow(2.0, -taller), 0], [0, 0, 1]])


def shift(right: tf.Tensor, down: tf.Tensor) -> tf.Tensor:
    """Moves by pixels."""
    return matrices([[1, 0, -right], [0, 1, -down], [0, 0, 1]])


def _rotation(cosine: tf.Tensor, sine: tf.Tensor) -> tf.Tensor:
    return matrices([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def warp(images: tf.Tensor, maps: tf.Tensor) -> tf.Tensor:
    """Resamples images through maps `(n, 3, 3)`, bilinearly; beyond its border an image goes on mirrored.

    The border pixel is not repeated. A map to the middle of pixels copies them bit by bit.
    `tf.raw_ops.ImageProjectiveTransformV3` is not used because its gradient is that of another function (it warps by
    the inverse map, which is the transpose for whole shifts alone), and XLA does not compile it.
    """
    count, height, width = tf.unstack(tf.shape(images)[:3])
    x, y = _centred(width), _centred(height)[:, None]
    a, b, c, d, e, f, *_ = tf.unstack(tf.reshape(maps, (-1, 9, 1, 1)), axis=1)
    column, next_column, right = _neighbours(a * x + b * y + c, width)
    row, next_row, down = _neighbours(d * x + e * y + f, height)
    pixels = tf.reshape(images, (count, height * width, images.shape[-1]))

    def at(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        return tf.gather(pixels, rows * width + columns, axis=1, batch_dims=1)

    upper = at(row, column) * (1.0 - right) + at(row, next_column) * right
    lower = at(next_row, column) * (1.0 - right) + at(next_row, next_column) * right
    return upper * (1.0 - down) + lower * down


def _centred(size: tf.Tensor) -> tf.Tensor:
    return tf.range(tf.cast(size, tf.float32)) - _middle(size)


def _middle(size: tf.Tensor) -> tf.Tensor:
    return (tf.cast(size, tf.float32) - 1.0) / 2.0


def _neighbours(positions: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns the pixels before and after positions `(n, height, width)`, and how far after the first they lie."""
    last = tf.cast(size, tf.float32) - 1.0
    # One there and back; of a single pixel any.
    period = tf.maximum(2.0 * last, 1.0)
    folded = tf.math.floormod(positions + _middle(size), period)
    folded = tf.minimum(folded, period - folded)
    first = tf.minimum(tf.floor(folded), last)
    index = tf.cast(first, tf.int32)
    return index, tf.minimum(index + 1, size - 1), (folded - first)[..., None]
