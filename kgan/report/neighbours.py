"""Samples beside the training images that are nearest to them."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kgan import data, pixels
from kgan.data import ImageSet
from kgan.errors import InputError
from kgan.metrics.memorisation import blurred_pixels
from kgan.metrics.neighbours import nearest
from kgan.runs import Run

SAMPLES, NEIGHBOURS = 8, 5
AT_ONCE = 1000


def training_images(options: Mapping[str, Any], image_shape: tuple[int, int, int]) -> ImageSet:
    """Opens the images that a run was trained on, as its models see them.

    Args:
        options: The run's: `data`, and `skip_broken` if it has that.
        image_shape: Of what its model makes: (height, width, channels).

    Raises:
        InputError: If the options do not name them, or they cannot be opened.
    """
    name = options.get("data")
    if not name:
        raise InputError("the run's options do not say what it was trained on, so its neighbours are not known.")
    height, _, channels = image_shape
    skip_broken = bool(options.get("skip_broken"))
    return data.open_images(data.images_of(name), image_size=height, channels=channels, skip_broken=skip_broken)


def beside_neighbours(images: np.ndarray, train: ImageSet, count: int) -> np.ndarray:
    """Returns a picture with a row an image: it, a white gap, and the training images nearest to it.

    Nearest by `kgan.metrics.memorisation.blurred_pixels`.

    Args:
        images: uint8 `(n, height, width, channels)`.
        train: The training images, of the same shape.
        count: How many neighbours.

    Raises:
        InputError: If there are fewer training images.
    """
    if len(train) < count:
        raise InputError(f"{count} neighbours need as many training images; {train.name} has {len(train)}.")
    parts = [blurred_pixels(train[start : start + AT_ONCE]) for start in range(0, len(train), AT_ONCE)]
    found = nearest(blurred_pixels(images), np.concatenate(parts), count)[1]
    gap = np.full(images.shape[1:], 255, np.uint8)
    rows = [tile for image, row in zip(images, found, strict=True) for tile in (image, gap, *train[row])]
    return pixels.grid(np.stack(rows), columns=count + 2)


def picture_of(run: Run, train: ImageSet | None = None) -> np.ndarray:
    """Returns samples of a run's model, of the first seeds, beside their neighbours, one uint8 picture.

    Args:
        run: The run.
        train: Its training images, if they are open already.

    Raises:
        InputError: If the model cannot be loaded or draws nothing from noise, or the images cannot be had.
    """
    model = _loaded(run)
    if not hasattr(model, "sample"):
        raise InputError("this family makes pictures of pictures and draws none from noise.")
    samples = keras.ops.convert_to_numpy(pixels.to_uint8(model.sample(SAMPLES, seed=0)))
    train = training_images(run.options, samples.shape[1:]) if train is None else train
    return beside_neighbours(samples, train, min(NEIGHBOURS, len(train)))


def _loaded(run: Run) -> Any:
    try:
        return run.load_model()
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"the run's model cannot be loaded ({reason}).") from error
