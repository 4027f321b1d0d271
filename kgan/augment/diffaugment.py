"""DiffAugment: colour, translation and cutout, at full strength from the first step."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from kgan.augment.base import Augment, parse_policy


@keras.saving.register_keras_serializable(package="kgan")
class DiffAugment(Augment):
    """DiffAugment (Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training").

    Three changes, with the order and the ranges of the authors' TensorFlow code, to every image:

    - `color`: brightness + U(-0.5, 0.5); then saturation, the distance from the pixel's mean over channels, times
      U(0, 2), which changes no gray image; then contrast, the distance from the image's mean, times U(0.5, 1.5);
    - `translation`: by whole pixels, up to 1/8 of the side (rounded down) either way, the gap filled with zeros;
    - `cutout`: zeros in a rectangle of half the sides around a random place, what falls outside the image cut off.

    Zero is mid-gray.

    Args:
        policy: Which of them, in their order, separated by commas. The authors take all three for sets of some hundred
            images, translation and cutout for CIFAR-10.
        **kwargs: Of keras.layers.Layer.

    Raises:
        InputError: If `policy` names something else, or something twice.
    """

    def __init__(self, policy: str = "color,translation,cutout", **kwargs: Any):
        super().__init__(**kwargs)
        self._operations = [OPERATIONS[name] for name in parse_policy(policy, OPERATIONS)]
        self.policy = policy

    def augment(self, images: Any, seed: Any) -> tf.Tensor:
        """Returns the images after all of the policy; see `Augment.augment`."""
        images = tf.cast(images, tf.float32)
        seeds = tf.unstack(tf.random.split(seed, len(self._operations), alg="philox"))
        for operation, own in zip(self._operations, seeds, strict=True):
            images = operation(images, own)
        return images

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "policy": self.policy}


def color(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Changes brightness, saturation and contrast."""
    amounts = tf.random.stateless_uniform((3, tf.shape(images)[0]), seed, alg="philox")
    brightness, saturation, contrast = tf.unstack(amounts)
    images = brighten(images, brightness - 0.5)
    images = saturate(images, saturation * 2.0)
    return stretch_contrast(images, contrast + 0.5)


def brighten(images: tf.Tensor, amounts: tf.Tensor) -> tf.Tensor:
    """Adds to every value of image i `amounts[i]`."""
    return images + _per_image(amounts)


def saturate(images: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
    """Multiplies by `factors[i]` how far the channels of a pixel of image i lie from their mean."""
    return _stretch(images, tf.reduce_mean(images, axis=3, keepdims=True), factors)


def stretch_contrast(images: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
    """Multiplies by `factors[i]` how far the values of image i lie from their mean."""
    return _stretch(images, tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True), factors)


def translation(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Moves each image by up to an eighth of its sides."""
    count, height, width = tf.unstack(tf.shape(images)[:3])
    steps = tf.stack([height, width]) // 8
    down, right = tf.unstack(_below(2 * steps + 1, count, seed) - steps[:, None])
    return move(images, down, right)


def move(images: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Moves image i down and to the right by `(n,)` whole pixels; what comes in is zero."""
    for axis, shifts in ((1, down), (2, right)):
        size = tf.shape(images)[axis]
        source = tf.range(size) - shifts[:, None]
        inside = tf.cast((source >= 0) & (source < size), images.dtype)
        images = tf.gather(images, tf.clip_by_value(source, 0, size - 1), axis=axis, batch_dims=1)
        images *= inside[:, :, None, None] if axis == 1 else inside[:, None, :, None]
    return images


def cutout(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Cuts a rectangle of half the sides out of each image."""
    count, height, width = tf.unstack(tf.shape(images)[:3])
    sides = tf.stack([height, width])
    # The centre of an even side lies between two pixels, or on the border: that is one place more.
    rows, columns = tf.unstack(_below(sides + 1 - (sides // 2) % 2, count, seed))
    return cut(images, rows, columns)


def cut(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Sets to zero, in image i, half the sides around pixel `(rows[i], columns[i])`, as far as that is inside."""
    height, width = tf.unstack(tf.shape(images)[1:3])
    in_rows, in_columns = _band(height, rows)[:, :, None, None], _band(width, columns)[:, None, :, None]
    return images * (1.0 - in_rows * in_columns)


def _band(size: tf.Tensor, centres: tf.Tensor) -> tf.Tensor:
    """Returns `(n, size)`, 1 on the size // 2 places around each centre, 0 elsewhere."""
    half = size // 2
    offset = tf.range(size) - centres[:, None] + half // 2
    return tf.cast((offset >= 0) & (offset < half), tf.float32)


def _stretch(images: tf.Tensor, mean: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
    return (images - mean) * _per_image(factors) + mean


def _per_image(values: tf.Tensor) -> tf.Tensor:
    return tf.reshape(values, (-1, 1, 1, 1))


def _below(bounds: tf.Tensor, count: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Draws `(2, count)` int32, in row i from 0 to `bounds[i]` - 1."""
    unit = tf.random.stateless_uniform((2, count), seed, alg="philox")
    return tf.cast(unit * tf.cast(bounds[:, None], tf.float32), tf.int32)


OPERATIONS: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}
