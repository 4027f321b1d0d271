"""Feature extractors, by full name."""

import os
from collections.abc import Callable
from pathlib import Path

from kgan.errors import unknown_name
from kgan.metrics.features.extractor import Extractor, Features
from kgan.metrics.features.inception import open_inception
from kgan.metrics.features.lenet import open_lenet
from kgan.metrics.features.own_model import open_own_model
from kgan.metrics.features.simple import open_pixels, open_random_conv

__all__ = ["EXTRACTORS", "Extractor", "Features", "open_extractor"]

EXTRACTORS: dict[str, Callable[[], Extractor]] = {
    "lenet-mnist": open_lenet,
    "keras-inception-v3": open_inception,
    "pixels": open_pixels,
    "random-conv": open_random_conv,
}


def open_extractor(name_or_path: str | os.PathLike) -> Extractor:
    """Opens a feature extractor.

    Args:
        name_or_path: One of

            - `"lenet-mnist"`: a classifier of MNIST's digits; 128 features, 10 classes; gray images.
            - `"keras-inception-v3"`: keras.applications' ImageNet classifier; 2048 features, 1000 classes. Not the
              network that the FID is defined by. Downloaded on first use.
            - `"pixels"`: the pixels themselves, in [0, 1].
            - `"random-conv"`: an untrained convolutional network, the same everywhere; 512 features.
            - a `.keras` file or SavedModel folder whose network takes images `(n, height, width, 1 or 3)`, float32 in
              [-1, 1], and gives features `(n, d)`. What is no plain name is one: a path object, what exists, ends in
              `.keras` or has a `/`.

    Raises:
        InputError: If there is no such extractor, or its weights are missing, damaged or not as above.
    """
    if isinstance(name_or_path, str) and name_or_path in EXTRACTORS:
        return EXTRACTORS[name_or_path]()
    path = Path(name_or_path).expanduser()
    named = isinstance(name_or_path, str) and os.sep not in name_or_path and path.suffix != ".keras"
    if named and not path.exists():
        raise unknown_name("extractor", str(name_or_path), EXTRACTORS)
    return open_own_model(path)
