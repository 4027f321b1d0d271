"""The images that a training is looked at with: what they must be, and which they are."""

from typing import Any, Protocol

import numpy as np

from kgan.data import PairedImages, UnpairedImages
from kgan.errors import InputError

# Translating large images takes long: of those above SIDE x SIDE as many fewer as they are larger, but FEWEST.
SIDE, FEWEST = 64, 32


class Images(Protocol):
    """What the monitor asks of images: `kgan.data.ImageSet`, or a uint8 array `(n, height, width, channels)`.

    For a model that is trained on images and conditions both: `kgan.data.ConditionedImages`; for one that translates:
    `kgan.data.PairedImages` or `UnpairedImages`.
    """

    def __len__(self) -> int:
        """Returns the number of images."""

    def __getitem__(self, indices: Any) -> Any:
        """Returns the images of these indices, uint8, or these and their conditions, or those of both domains."""


def choose(images: Images, count: int, name: str) -> Any:
    """Returns `count` of the images, the same ones at every call; of large ones that are to be translated fewer.

    Raises:
        InputError: If there are fewer than two, or of a domain fewer.
    """
    # The shorter of two domains begins anew after its last image, and no image is to be taken twice.
    sides = (images.a, images.b) if isinstance(images, UnpairedImages) else (images,)
    among = min(len(side) for side in sides)
    if among < 2:
        raise InputError(f"{name}: HealthMonitor needs at least 2 images; got {among}.")
    if isinstance(images, (PairedImages, UnpairedImages)):
        height, width, _ = images.a.image_shape
        count = min(count, max(count * SIDE**2 // (height * width), FEWEST))
    chosen = np.random.default_rng(0).choice(among, min(count, among), replace=False)
    return images[np.sort(chosen)]


def shape_of(chosen: Any) -> Any:
    """Returns the shape of an image, or of each part of what is trained on."""
    return tuple(part.shape[1:] for part in chosen) if isinstance(chosen, tuple) else chosen.shape[1:]
