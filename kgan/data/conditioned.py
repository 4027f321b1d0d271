"""Images with a condition each: what a conditional model is trained on."""

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from kgan.data.batches import batch_stream
from kgan.data.image_set import ImageSet
from kgan.errors import InputError


class ConditionedImages:
    """An image set and a vector for each image: its class as `one_hot`, its attributes, or what else is known of it.

    `len(data)` is the number of images; `data[3]`, `data[2:9]` and `data[[4, 0]]` are pairs of uint8 pixels and
    conditions.

    Args:
        images: The images.
        conditions: Numbers `(n, k)`, row i for image i; float32 from here on.

    Raises:
        InputError: If `conditions` is not of that shape, one row an image, or holds what is no finite number.
    """

    def __init__(self, images: ImageSet, conditions: np.ndarray) -> None:
        given = np.asarray(conditions)
        if given.dtype.kind not in "fiub" or given.ndim != 2 or not given.shape[-1]:
            raise InputError(
                f"conditions: expected numbers of shape (n, k), a row for each image; got {given.dtype} {given.shape}."
            )
        if len(given) != len(images):
            raise InputError(
                f"conditions: expected {len(images)} rows, one for each image of {images.name}; got {len(given)}."
            )
        given = given.astype(np.float32)
        if not np.isfinite(given).all():
            row, column = np.argwhere(~np.isfinite(given))[0]
            raise InputError(f"conditions[{row}, {column}]={given[row, column]}: expected finite float32 numbers.")
        self.images = images
        self.conditions = given

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: Any) -> tuple[np.ndarray, np.ndarray]:
        return self.images[index], self.conditions[index]

    @property
    def name(self) -> str:
        """What messages call the images."""
        return self.images.name

    @property
    def failure(self) -> InputError | None:
        """What was wrong with an image that could not be read any more when it was needed, or None."""
        return self.images.failure

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.images.image_shape

    def batches(
        self,
        batch_size: int = 64,
        *,
        shuffle: bool = True,
        flip: bool = False,
        seed: int = 0,
        start: int = 0,
        repeat: bool = False,
    ) -> tf.data.Dataset:
        """Returns batches of `(images, conditions)`: `(batch_size, h, w, c)` in [-1, 1] and `(batch_size, k)`, float32.

        The images are those of `ImageSet.batches` for the same arguments, with their conditions beside them. Flipping
        leaves the conditions as they are, so it is not for conditions that tell left from right.

        Args:
            batch_size: Images a batch; every batch is full.
            shuffle: Whether each epoch has an order of its own.
            flip: Whether images are mirrored, left to right, half the time.
            seed: Of order and flips.
            start: How many batches of the stream have been used before.
            repeat: Whether to go on without end; otherwise each iteration is one epoch, the next one the next.

        Raises:
            InputError: As `ImageSet.batches` does.
        """
        return batch_stream(
            self.images.fetch,
            len(self),
            self.name,
            batch_size=batch_size,
            shuffle=shuffle,
            flip=flip,
            seed=seed,
            start=start,
            repeat=repeat,
            beside=lambda indices: tf.gather(self._rows, indices),
        )

    @functools.cached_property
    def _rows(self) -> tf.Tensor:
        """The conditions as a tensor in the host's memory, which datasets capture by reference."""
        with tf.init_scope(), tf.device("CPU:0"):
            return tf.constant(self.conditions)


def one_hot(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Returns float32 `(n, num_classes)`, in each row a 1 at the label and 0 elsewhere.

    Args:
        labels: Integers `(n,)` from 0 to `num_classes - 1`.
        num_classes: How many there can be.

    Raises:
        InputError: If `labels` are not of that shape and type, or one is out of range.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise InputError(f"labels: expected integers of shape (n,); got {labels.dtype} {labels.shape}.")
    outside = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if len(outside):
        first = outside[0]
        raise InputError(
            f"labels[{first}]={labels[first]}: expected 0 to {num_classes - 1}, as there are {num_classes} classes."
        )
    return np.eye(num_classes, dtype=np.float32)[labels]
