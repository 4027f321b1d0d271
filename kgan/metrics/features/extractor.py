"""`Extractor`: from uint8 images to features, and to class probabilities where the network has them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from kgan.errors import InputError
from kgan.metrics.features.preprocessing import preprocess

# From float32 images in [0, 255] to features and, or None, class probabilities.
Network = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor | None]]


class Features(NamedTuple):
    """What a network sees in n images.

    Attributes:
        values: float32 `(n, num_features)`.
        probabilities: float32 `(n, num_classes)`, each row summing to 1; None where the network is no classifier.
    """

    values: np.ndarray
    probabilities: np.ndarray | None


class Extractor:
    """Turns uint8 images into features: always the same ones for the same digest, up to float32 rounding.

    It computes in inference mode and float32 whatever the program's policy, and leaves the program's random state
    alone, so it can be called from a callback in the midst of a training.

    Args:
        name: The full name that is printed beside every number made from the features.
        digest: SHA-256 in hex of all that defines the features: weights, recipe and preprocessing.
        network: What computes them, from images that `preprocess` has prepared.
        num_features: Size of the features; None if it depends on the images'.
        num_classes: Number of classes, if the network is a classifier.
        size: Height and width that images are resized to; None for a side that may have any length.
        channels: 1 or 3, what the network takes; None if it takes both.
    """

    def __init__(
        self,
        name: str,
        digest: str,
        network: Network,
        *,
        num_features: int | None,
        num_classes: int | None = None,
        size: tuple[int | None, int | None] = (None, None),
        channels: int | None = None,
    ) -> None:
        self.name = name
        self.digest = digest
        self.num_features = num_features
        self.num_classes = num_classes
        self.size = size
        self.channels = channels
        self._network = network
        self._graph = tf.function(self._extract, autograph=False)

    def __call__(self, images: Any, batch_size: int = 256) -> Features:
        """Returns the features of images.

        Args:
            images: uint8 `(n, height, width, 1 or 3)`: an array, a tensor, or what else has a shape, a dtype and
                slices, such as the `images` of an image set that stays on the disk. Gray images are repeated where the
                network takes colour.
            batch_size: Images at a time; it bounds the memory and changes nothing else.

        Raises:
            InputError: If `images` is not as above, or has colours and the network takes gray images only.
        """
        self._check(images, batch_size)
        # One graph for each size of images, whatever the length of the last batch.
        graph = self._graph.get_concrete_function(tf.TensorSpec((None, *images.shape[1:]), tf.uint8))
        values, probabilities = [], []
        for start in range(0, images.shape[0], batch_size):
            batch = graph(tf.convert_to_tensor(images[start : start + batch_size]))
            values.append(batch[0].numpy())
            if batch[1] is not None:
                probabilities.append(batch[1].numpy())
        return Features(np.concatenate(values), np.concatenate(probabilities) if probabilities else None)

    def _extract(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        return self._network(preprocess(images, self.size, self.channels))

    def _check(self, images: Any, batch_size: int) -> None:
        if batch_size < 1:
            raise InputError(f"batch_size={batch_size}: expected at least 1.")
        shape = tuple(images.shape)
        if len(shape) != 4 or shape[-1] not in (1, 3) or 0 in shape:
            raise InputError(f"images: expected shape (n, height, width, 1 or 3) with n >= 1; got {shape}.")
        if images.dtype != np.uint8:
            raise InputError(
                f"images: features are those of uint8 images in [0, 255], as they are saved and seen; got "
                f"{images.dtype}. kgan.pixels.to_uint8 quantises images in [-1, 1]."
            )
        if self.channels == 1 and shape[-1] == 3:
            raise InputError(
                f"extractor {self.name} takes gray images; got colour, image_shape={shape[1:]}. 'random-conv', "
                "'pixels' and 'keras-inception-v3' take colour; of digits stacked as colours, give one channel at a "
                "time: images[..., :1]."
            )
