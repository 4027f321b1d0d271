"""An image set: how many images, how large, what is known about each, and endless or epoch-long batches of them."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kgan.data.batches import batch_stream
from kgan.data.lazy import LazyImages
from kgan.errors import InputError


class ImageSet:
    """Images of one size, in memory or on disk, with what is known about each of them.

    `len(images)` is their number; `images[3]`, `images[2:9]` and `images[[4, 0]]` are uint8 pixels.

    Args:
        images: uint8 `(n, height, width, 1 or 3)`, or `LazyImages`, which decodes an image whenever it is asked for.
        name: What messages call the set.
        factors: What is known: arrays of length n by name, such as `label`, or the slant of a drawn digit.
        skipped: What was left out as unreadable: name of the file to reason.
        files: The file of each image, where each has one.

    Raises:
        InputError: If `images` is not as above, or a factor's length or that of `files` is not n.
    """

    def __init__(
        self,
        images: np.ndarray | LazyImages,
        *,
        name: str = "images",
        factors: Mapping[str, np.ndarray] | None = None,
        skipped: Mapping[str, str] | None = None,
        files: Sequence[Path] | None = None,
    ) -> None:
        if len(images.shape) != 4 or images.shape[-1] not in (1, 3) or images.dtype != np.uint8:
            raise InputError(
                f"images: expected uint8 of shape (n, height, width, 1 or 3); got {images.dtype} {images.shape}."
            )
        for factor, values in (factors or {}).items():
            if len(values) != len(images):
                raise InputError(
                    f"factors[{factor!r}]: expected {len(images)} values, one an image; got {len(values)}."
                )
        if files is not None and len(files) != len(images):
            raise InputError(f"files: expected {len(images)}, one an image; got {len(files)}.")
        self.name = name
        self.images = images
        self.factors = dict(factors or {})
        self.skipped = dict(skipped or {})
        self.files = None if files is None else tuple(files)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: Any) -> np.ndarray:
        return self.images[index]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        height, width, channels = self.images.shape[1:]
        return height, width, channels

    @property
    def in_memory(self) -> bool:
        """Whether the decoded images are held in memory; otherwise each is decoded whenever it is needed."""
        return isinstance(self.images, np.ndarray)

    @property
    def failure(self) -> InputError | None:
        """What was wrong with an image that could not be read any more when it was needed, or None."""
        return getattr(self.images, "failure", None)

    @property
    def labels(self) -> np.ndarray | None:
        """The class of each image, int64 `(n,)`, where the source tells."""
        return self.factors.get("label")

    def part(self, rows: Sequence[int] | np.ndarray) -> "ImageSet":
        """Returns a set of the images of these rows, in this order, and what is known of each; `skipped` is empty."""
        whole = self.images
        return ImageSet(
            whole[rows] if isinstance(whole, np.ndarray) else whole.part(rows),
            name=self.name,
            factors={name: values[rows] for name, values in self.factors.items()},
            files=None if self.files is None else [self.files[row] for row in rows],
        )

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
        """Returns batches of images, float32 `(batch_size, height, width, channels)` in [-1, 1].

        Behind it is one endless stream of batches, the same for the same seed on every machine and in every process.
        An epoch is `len(self) // batch_size` batches; the images that do not fill a last batch sit this epoch out, and
        the next epoch's order leaves out others. `start` batches in, this stream goes on exactly where an earlier one
        was left.

        With `repeat`, iterating gives the stream without end (give Keras' `fit` a `steps_per_epoch`). Without, one
        iteration gives one epoch's worth of batches, and the next iteration over the same dataset the batches after
        those: `fit(dataset, epochs=25)` sees 25 orders. Each iteration that takes a batch counts, a peek too. Under a
        distribution strategy use `repeat`, as Keras then peeks as well.

        Args:
            batch_size: Images a batch; every batch is full.
            shuffle: Whether epochs are shuffled; epoch e is a random permutation made from (seed, e) alone.
            flip: Whether images are mirrored, left to right, half the time, as drawn from (seed, batch number) alone.
            seed: Of order and flips.
            start: How many batches of the stream have been used before.
            repeat: Whether to go on without end.

        Raises:
            InputError: If there are fewer images than `batch_size`, or a number makes no sense.
        """
        return batch_stream(
            self.fetch,
            len(self),
            self.name,
            batch_size=batch_size,
            shuffle=shuffle,
            flip=flip,
            seed=seed,
            start=start,
            repeat=repeat,
        )

    def fetch(self, indices: tf.Tensor) -> tf.Tensor:
        """Returns the uint8 images `(batch, height, width, channels)` at `indices`, inside a dataset's `map`."""
        if self.in_memory:
            return tf.gather(self._pixels, indices)
        images = tf.numpy_function(self.images.__getitem__, [indices], tf.uint8, stateful=False)
        return tf.ensure_shape(images, (*indices.shape, *self.image_shape))

    @functools.cached_property
    def _pixels(self) -> tf.Tensor:
        """The images as a tensor in the host's memory, which datasets capture by reference."""
        with tf.init_scope(), tf.device("CPU:0"):
            return tf.constant(self.images)
