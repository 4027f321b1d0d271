"""The random enlargement and crop that pix2pix and CycleGAN train with."""

import dataclasses

import tensorflow as tf

from kgan.errors import InputError

# Keeps these draws apart from whatever else is drawn from (seed, number), such as flips.
CROPS = 0x63726F70


@dataclasses.dataclass(frozen=True)
class Jitter:
    """Enlarges images, and cuts a piece of their own size out of each at random.

    Isola et al. (2017, appendix 6.2) resize 256x256 images to 286x286 and crop 256x256 again; Zhu et al. (2017) do the
    same. The filter is bicubic, as in the code of both. Its overshoots are clipped. A label map gets mixed colours
    along its edges, as there.

    Args:
        enlarge: How many times as large images become, at least 1; sides are rounded to whole pixels.

    Raises:
        InputError: If `enlarge` is less than 1.
    """

    enlarge: float = 286 / 256

    def __post_init__(self) -> None:
        if not 1.0 <= self.enlarge < float("inf"):
            raise InputError(f"enlarge={self.enlarge}: expected at least 1, such as 286 / 256.")

    def __call__(self, images: tf.Tensor, seed: int, number: tf.Tensor) -> tf.Tensor:
        """Returns the images `(n, h, w, c)`, float32 in [0, 255], enlarged and cut.

        Where each is cut is drawn from (seed, number) and from its place in the batch alone, so that two batches of one
        size are cut alike.

        Args:
            images: In [0, 255].
            seed: Of the training.
            number: Of the batch, int64 `()`.
        """
        count, height, width, _ = images.shape
        tall, wide = round(self.enlarge * height), round(self.enlarge * width)
        large = tf.clip_by_value(tf.image.resize(images, (tall, wide), "bicubic"), 0.0, 255.0)
        key = tf.random.fold_in(tf.stack([tf.cast(seed, tf.int64), number]), CROPS)
        down, across = tf.unstack(tf.random.split(key, 2))
        top = tf.random.stateless_uniform((count, 1), down, 0, tall - height + 1, tf.int32)
        left = tf.random.stateless_uniform((count, 1), across, 0, wide - width + 1, tf.int32)
        rows, columns = top + tf.range(height), left + tf.range(width)
        return tf.gather(tf.gather(large, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)
