"""`TranslationGrid`: pictures of what a translator has learnt so far."""

import os

import numpy as np

from kgan import pixels
from kgan.data import PairedImages, UnpairedImages
from kgan.errors import InputError
from kgan.evaluation import translated
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
        InputError: If `num_images` is below 1; when training begins, if the model does not translate, or images of
            two domains one way only.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        images: PairedImages | UnpairedImages,
        num_images: int = 8,
        first_after: float = 20.0,
    ) -> None:
        super().__init__(folder, num_images, 0, first_after)
        if num_images < 1:
            raise InputError(f"num_images must be at least 1; got {num_images}.")
        self.paired = isinstance(images, PairedImages)
        rows = min(num_images, len(images.a), len(images.b))
        self.a, self.b = images.a[:rows], images.b[:rows]

    def check_model(self) -> None:
        """Refuses a model that does not translate these images.

        Raises:
            InputError: If it does not.
        """
        needed = {"a_to_b"} if self.paired else {"a_to_b", "b_to_a"}
        if not needed <= set(getattr(self.model, "directions", ())):
            raise InputError(
                f"TranslationGrid shows {'pairs a_to_b' if self.paired else 'two domains both ways'}, which a "
                f"{type(self.model).__name__} does not translate; "
                + ("kgan.SampleGrid shows samples." if not hasattr(self.model, "directions") else "give pairs.")
            )

    def picture(self) -> np.ndarray:
        """Returns the rows as one uint8 picture."""
        made = translated(self.model, self.a, "a_to_b")
        columns = [self.a, made, self.b]
        if not self.paired:
            back = translated(self.model, self.b, "b_to_a")
            columns = [self.a, made, translated(self.model, made, "b_to_a")]
            columns += [self.b, back, translated(self.model, back, "a_to_b")]
        coloured = [np.broadcast_to(column, (*column.shape[:-1], 3)) for column in columns]
        tiles = np.stack(coloured, axis=1)
        return pixels.grid(tiles.reshape(-1, *tiles.shape[2:]), columns=len(columns))
