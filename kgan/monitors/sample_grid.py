"""`SampleGrid`: pictures of what a training has learnt so far."""

import os
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from kgan import pixels
from kgan.errors import InputError


class SampleGrid(keras.callbacks.Callback):
    """After every epoch draws the same latents anew: `<folder>/epoch-0001.png`, ...

    A first picture, `epoch-0000.png`, is drawn `first_after` seconds into the first epoch, if that lasts longer.

    Args:
        folder: Where the pictures go.
        num_images: Images in the grid.
        seed: Of the latents; the grid shows `model.sample(num_images, seed)`.
        first_after: Seconds until the first picture.

    Raises:
        InputError: When training begins, if the model does not sample.
    """

    def __init__(
        self, folder: str | os.PathLike, num_images: int = 64, seed: int = 0, first_after: float = 20.0
    ) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.num_images = num_images
        self.seed = seed
        self.first_after = first_after
        self.started: float | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Starts the clock of the first picture, unless there are pictures already.

        Raises:
            InputError: If the model is not one that can be shown.
        """
        self.check_model()
        self.started = None if any(self.folder.glob("epoch-*.png")) else time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Draws the first picture when it is due."""
        if self.started is not None and time.monotonic() - self.started >= self.first_after:
            self._draw(0)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Draws the epoch's picture."""
        self._draw(epoch + 1)

    def save_gif(self, path: str | os.PathLike, most: int = 60) -> None:
        """Makes one GIF of all the pictures drawn, earlier sittings' too.

        Args:
            path: The GIF to write.
            most: Frames at most; more pictures than that are thinned evenly, the last always kept.
        """
        files = sorted(self.folder.glob("epoch-*.png"))
        chosen = np.unique(np.linspace(0, len(files) - 1, most).round().astype(int))
        pixels.save_gif(path, [_read(files[index]) for index in chosen])

    def _draw(self, epoch: int) -> None:
        self.started = None
        pixels.save_png(self.folder / f"epoch-{epoch:04d}.png", self.picture())

    def check_model(self) -> None:
        """Refuses a model that does not sample.

        Raises:
            InputError: If it does not.
        """
        if not hasattr(self.model, "sample"):
            raise InputError(
                f"SampleGrid shows what a model draws from nothing; got a {type(self.model).__name__}. "
                "kgan.TranslationGrid shows what models make of images."
            )

    def picture(self) -> np.ndarray:
        """Returns what is drawn, one uint8 picture."""
        return pixels.grid(self.model.sample(self.num_images, seed=self.seed))


def _read(file: Path) -> np.ndarray:
    with Image.open(file) as picture:
        array = np.asarray(picture)
    return array if array.ndim == 3 else array[..., None]
