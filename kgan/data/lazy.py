"""Pictures that stay encoded, on disk or in memory, and are decoded when they are needed."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from kgan.data.decode import Encoded, Half, read_pixels
from kgan.errors import InputError


class LazyImages:
    """Encoded pictures that are decoded, by several threads, whenever they are indexed: an array that is not there.

    Args:
        encoded: Picture files by path, or their bytes.
        chosen: Which of them are the images, in this order.
        image_shape: What each decodes to: (height, width, channels).
        image_size: The square to bring them to, or None to leave them as they are.

    Attributes:
        failure: What was wrong with a picture that could be read at first and could not any more, or None. Inside a
            dataset the error itself is lost in TensorFlow's.

    Raises:
        InputError: When indexed, if a picture cannot be read any more.
    """

    dtype = np.dtype(np.uint8)

    def __init__(
        self,
        encoded: Sequence[Encoded],
        chosen: Sequence[int] | np.ndarray,
        image_shape: tuple[int, int, int],
        image_size: int | None,
    ) -> None:
        self.shape = (len(chosen), *image_shape)
        self._encoded = encoded
        self._chosen = np.asarray(chosen)
        self._image_size = image_size
        self.failure: InputError | None = None
        self._threads = ThreadPoolExecutor(os.cpu_count())

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        chosen = self._chosen[index]
        if chosen.ndim == 0:
            return self._read(int(chosen))
        images = list(self._threads.map(self._read, chosen.tolist()))
        return np.stack(images) if images else np.empty((0, *self.shape[1:]), np.uint8)

    def part(self, rows: Sequence[int] | np.ndarray) -> "LazyImages":
        """Returns the images of these rows, in this order, without decoding any."""
        return LazyImages(self._encoded, self._chosen[rows], self.shape[1:], self._image_size)

    def _read(self, place: int) -> np.ndarray:
        encoded = self._encoded[place]
        try:
            return read_pixels(encoded, self._image_size, self.shape[-1])
        except Exception as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            self.failure = InputError(
                f"{_name(encoded, place)} could be read before and cannot be any more ({reason}); put it back."
            )
            raise self.failure from error


def _name(encoded: Encoded, place: int) -> str:
    if isinstance(encoded, Half):
        encoded = encoded.joined
    return f"image {place}" if isinstance(encoded, bytes) else str(encoded)
