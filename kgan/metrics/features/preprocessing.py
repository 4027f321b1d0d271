"""From uint8 images to what a network is fed: resized with antialiasing, gray repeated where it wants colour."""

from typing import Any

import tensorflow as tf

# Part of every extractor's digest: a change here changes all features.
PREPROCESSING = "float32, bicubic (a = -1/2) with antialiasing, clipped to [0, 255], not rounded; gray repeated; 1"


def preprocess(images: Any, size: tuple[int | None, int | None], channels: int | None) -> tf.Tensor:
    """Returns float32 images in [0, 255] of the wanted size and number of channels.

    Resizing is Pillow's bicubic filter on floats, whose support grows with the reduction, as asked for by Parmar et
    al. (2022, "On Aliased Resizing and Surprising Subtleties in GAN Evaluation"): the result is not rounded again.

    Args:
        images: uint8 `(n, height, width, channels)` with known sizes but for n.
        size: Height and width to bring images to; None leaves that side as it is.
        channels: 3 repeats gray images; otherwise the channels stay.
    """
    height, width = (wanted or own for wanted, own in zip(size, images.shape[1:3], strict=True))
    result = tf.cast(images, tf.float32)
    if (height, width) != tuple(images.shape[1:3]):
        result = tf.clip_by_value(tf.image.resize(result, (height, width), "bicubic", antialias=True), 0.0, 255.0)
    return tf.repeat(result, 3, axis=-1) if channels == 3 and images.shape[-1] == 1 else result
