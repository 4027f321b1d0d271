"""The one place that knows the range of images: uint8 in [0, 255] outside, float32 in [-1, 1] inside.

Also what turns images into pictures: grids, PNG and GIF.
"""

import math
import os
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from PIL import Image

from kgan.errors import InputError
from kgan.files import atomic_file


def from_uint8(images: Any) -> Any:
    """Maps uint8 in [0, 255] to float32 in [-1, 1]: x / 127.5 - 1. Any shape; tensors and arrays."""
    return keras.ops.cast(images, "float32") / 127.5 - 1.0


def to_uint8(images: Any) -> Any:
    """Maps float in [-1, 1] to uint8 in [0, 255], rounding to the nearest and clipping what lies outside.

    The inverse of `from_uint8`: every one of the 256 values comes back as itself.
    """
    scaled = (keras.ops.cast(images, "float32") + 1.0) * 127.5
    return keras.ops.cast(keras.ops.clip(keras.ops.round(scaled), 0.0, 255.0), "uint8")


def _as_bytes(images: Any) -> np.ndarray:
    images = keras.ops.convert_to_numpy(images)
    return images if images.dtype == np.uint8 else keras.ops.convert_to_numpy(to_uint8(images))


def grid(images: Any, columns: int | None = None, padding: int = 2) -> np.ndarray:
    """Lays images out in rows, left to right, on black.

    Args:
        images: `(n, height, width, channels)`, float in [-1, 1] or uint8; channels 1 or 3.
        columns: Images a row; by default as square as can be.
        padding: Pixels between images and around them.

    Returns:
        One uint8 picture `(rows * (height + padding) + padding, ..., channels)`.

    Raises:
        InputError: If `images` is not a non-empty batch of rank 4 with 1 or 3 channels.
    """
    images = _as_bytes(images)
    if images.ndim != 4 or not len(images) or images.shape[-1] not in (1, 3):
        raise InputError(f"a grid takes images (n, height, width, 1 or 3) with n >= 1; got shape {images.shape}.")
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    tall, wide = height + padding, width + padding
    picture = np.zeros((rows * tall + padding, columns * wide + padding, channels), np.uint8)
    for index, image in enumerate(images):
        top, left = padding + index // columns * tall, padding + index % columns * wide
        picture[top : top + height, left : left + width] = image
    return picture


def to_pil(image: Any) -> Image.Image:
    """Makes a Pillow picture of one image `(height, width, 1 or 3)`, float in [-1, 1] or uint8."""
    image = _as_bytes(image)
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def save_png(path: str | os.PathLike, image: Any) -> None:
    """Writes one image `(height, width, 1 or 3)` as a PNG file; an old file stays until the new one is whole."""
    with atomic_file(path) as temporary:
        to_pil(image).save(temporary, format="PNG")


def save_gif(path: str | os.PathLike, frames: Sequence[Any], milliseconds: int = 200) -> None:
    """Writes images `(height, width, 1 or 3)` of one size as an endless GIF; the last frame stands for two seconds."""
    if not len(frames):
        raise InputError("a GIF needs at least one frame.")
    pictures = [to_pil(frame) for frame in frames]
    durations = [milliseconds] * (len(pictures) - 1) + [2000]
    with atomic_file(path) as temporary:
        pictures[0].save(temporary, format="GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0)
