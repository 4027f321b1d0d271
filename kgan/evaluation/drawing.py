"""Drawing the images that are judged, as they would be saved: quantised to uint8."""

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kgan import pixels
from kgan.adversarial import Adversarial
from kgan.errors import InputError
from kgan.evaluation.sample import Progress

BATCH = 250
WEIGHTS = ("ema", "raw")


def draw(
    model: Any, num_images: int, seed: int = 0, weights: str = "ema", progress: Progress | None = None
) -> np.ndarray:
    """Returns the images of the seeds `seed`, `seed + 1`, ..., uint8 `(num_images, height, width, channels)`.

    Always in batches of one size, so that an image does not depend on how many are drawn.

    Args:
        model: A model that has `sample(num_images, seed)`.
        num_images: How many.
        seed: Of the first.
        weights: `"ema"`, what the model itself samples with, the averaged generator where one is kept, or `"raw"`, the
            generator as it is trained.
        progress: Told how far it has come.

    Raises:
        InputError: If `weights` is neither.
    """
    if weights not in WEIGHTS:
        raise InputError(f"weights must be 'ema' or 'raw'; got {weights!r}.")
    parts = []
    with raw_weights(model) if weights == "raw" else contextlib.nullcontext():
        for start in range(0, num_images, BATCH):
            images = keras.ops.convert_to_numpy(pixels.to_uint8(model.sample(BATCH, seed=seed + start)))
            parts.append(images[: num_images - start])
            if progress:
                progress("drawing images", min(start + BATCH, num_images), num_images)
    return np.concatenate(parts)


@contextlib.contextmanager
def raw_weights(model: Adversarial) -> Iterator[None]:
    """Puts the trained generators' weights in place of their averages inside the block; none kept, nothing changes."""
    kept = [mean.get_weights() for mean in model.averages]
    try:
        for mean, raw in zip(model.averages, model.generators, strict=bool(kept)):
            mean.set_weights(raw.get_weights())
        yield
    finally:
        for mean, weights in zip(model.averages, kept, strict=True):
            mean.set_weights(weights)


def digest_of_weights(model: Adversarial) -> str:
    """Returns the SHA-256, in hex, of the generators' weights and their averages: which model was judged."""
    digest = hashlib.sha256()
    for network in (*model.generators, *model.averages):
        for array in network.get_weights():
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
