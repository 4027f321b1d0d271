"""How a copy may differ from its original: mirrored, shifted by whole pixels."""

import itertools
from typing import NamedTuple

import numpy as np


class Variant(NamedTuple):
    """A mirror image, or not, that is then shifted.

    Attributes:
        mirrored: Whether left and right change places.
        down: Pixels the picture moves downwards; negative is upwards.
        right: Pixels it then moves to the right.
    """

    mirrored: bool = False
    down: int = 0
    right: int = 0

    def __str__(self) -> str:
        """Returns words: `"unchanged"`, `"mirrored, shifted (1, 0)"`, down first."""
        shifted = f"shifted ({self.down}, {self.right})" if self.down or self.right else ""
        return ", ".join(filter(None, ("mirrored" if self.mirrored else "", shifted))) or "unchanged"

    def apply(self, images: np.ndarray) -> np.ndarray:
        """Returns the variants of images `(n, height, width, channels)`; the border is repeated where it must be."""
        return shift(images[:, :, ::-1] if self.mirrored else images, self.down, self.right)

    def undo(self, images: np.ndarray) -> np.ndarray:
        """Returns the originals of variants, but for the rows and columns that were shifted out of the picture."""
        images = shift(images, -self.down, -self.right)
        return images[:, :, ::-1] if self.mirrored else images


def shift(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Moves images `(n, height, width, channels)` by whole pixels; the border that moves in repeats the outermost."""
    height, width = images.shape[1:3]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return images[:, rows[:, None], columns]


def variants(largest_shift: int, mirrored: bool) -> list[Variant]:
    """Returns all variants with shifts of up to `largest_shift` pixels each way, the plainest first.

    So of two that fit equally well, as of a symmetric picture, the plainer is named.
    """
    steps = range(-largest_shift, largest_shift + 1)
    found = [Variant(*parts) for parts in itertools.product((False, True)[: 1 + mirrored], steps, steps)]
    return sorted(found, key=lambda variant: (variant.mirrored, abs(variant.down) + abs(variant.right)))
