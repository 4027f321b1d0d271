"""`TranslationGrid`: pictures of what a translator has learnt so far."""

import os
from typing import Any

import keras
import numpy as np

from kgan import pixels
from kgan.data import PairedImages, UnpairedImages
from kgan.errors import InputError
from kgan.monitors.sample_grid import SampleGrid


class TranslationGrid(SampleGrid):
    """After every epoch translates the same images anew: `<folder>/epoch-0001.png`, ...

    A row an image. Of pairs: input, output, target. Of two domains: an image of A, what is made of it and what is made
    of that again, then the same from B.

    Args:
        folder: Where the pictures go.
        images: Images that the model is not trained on, if there are such; the first ones are shown.
        num_images: Rows at most.
        first_after: Seconds until the first picture, `epoch-0000.png`.

    Raises:
        InputError: If there are no images.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        images: PairedImages | UnpairedImages,
        num_images: int = 8,
        first_after: float = 20.0,
    ) -> None:
        super().__init__(folder, num_images, 0, first_after)
        self.paired = isinstance(images, PairedImages)
        rows = min(num_images, len(images.a), len(images.b))
        if not rows:
            raise InputError(f"{images.name}: no images to show.")
        self.a, self.b = images.a[:rows], images.b[:rows]

    def picture(self) -> np.ndarray:
        """Returns the rows as one uint8 picture."""
        made = self._translated(self.a, "a_to_b")
        columns = [self.a, made, self.b]
        if not self.paired:
            back = self._translated(self.b, "b_to_a")
            columns = [self.a, made, self._translated(made, "b_to_a")]
            columns += [self.b, back, self._translated(back, "a_to_b")]
        coloured = [np.broadcast_to(column, (*column.shape[:-1], 3)) for column in columns]
        tiles = np.stack(coloured, axis=1)
        return pixels.grid(tiles.reshape(-1, *tiles.shape[2:]), columns=len(columns))

    def _translated(self, images: np.ndarray, direction: str) -> np.ndarray:
        # One by one: eight pictures of 512 pixels at once would take more memory than the training does.
        parts: list[Any] = [self.model.translate(pixels.from_uint8(image[None]), direction) for image in images]
        return np.concatenate([keras.ops.convert_to_numpy(pixels.to_uint8(part)) for part in parts])
