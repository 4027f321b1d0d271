"""`Sample`: what an extractor sees in a number of images, and what several metrics ask of it, computed once."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from kgan.data import ImageSet
from kgan.metrics import Moments, density_coverage, moments, precision_recall
from kgan.metrics.checks import check_features
from kgan.metrics.features import Extractor

CHUNK = 1000
# Told what is being done, how much of it is done, and of how much; the form that kgan.data uses.
Progress = Callable[[str, int, int], None]


class Sample:
    """The features of n images.

    Args:
        values: `(n, d)`.
        probabilities: Of the classes, `(n, classes)`, or None where the extractor is no classifier.
    """

    def __init__(self, values: np.ndarray, probabilities: np.ndarray | None = None):
        self.values = values
        self.probabilities = probabilities

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> "Sample":
        return Sample(self.values[rows], None if self.probabilities is None else self.probabilities[rows])

    @functools.cached_property
    def moments(self) -> Moments:
        """Mean and covariance of the features."""
        return moments(self.values)

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 where the extractor is no classifier."""
        return 0 if self.probabilities is None else self.probabilities.shape[1]

    @property
    def labels(self) -> np.ndarray:
        """The likeliest class of each image, int64 `(n,)`; only where there are classes."""
        assert self.probabilities is not None
        return self.probabilities.argmax(axis=1)


class Pair:
    """A real and a generated sample, and the metrics of the two that come in twos, computed once.

    Args:
        real: The sample of real images.
        fake: The sample of generated ones.
    """

    def __init__(self, real: Sample, fake: Sample):
        self.real = real
        self.fake = fake

    @functools.cached_property
    def precision_recall(self) -> tuple[float, float]:
        """Precision and recall."""
        return precision_recall(self.real.values, self.fake.values)

    @functools.cached_property
    def density_coverage(self) -> tuple[float, float]:
        """Density and coverage."""
        return density_coverage(self.real.values, self.fake.values)


def look_at(extractor: Extractor, images: np.ndarray | ImageSet, what: str, progress: Progress | None = None) -> Sample:
    """Runs an extractor over images, some at a time.

    Args:
        extractor: The extractor.
        images: uint8 `(n, height, width, 1 or 3)` with n >= 1, or an image set.
        what: What messages call the images, such as `"generated images"`.
        progress: Told how far it has come.

    Raises:
        InputError: If the extractor cannot take such images, or finds in them what is no number.
    """
    parts = []
    for start in range(0, len(images), CHUNK):
        parts.append(extractor(images[start : start + CHUNK]))
        if progress:
            progress(f"{extractor.name} features of {what}", min(start + CHUNK, len(images)), len(images))
    values = np.concatenate([part.values for part in parts])
    check_features(values, f"{extractor.name} features of {what}")
    probabilities = [part.probabilities for part in parts if part.probabilities is not None]
    return Sample(values, np.concatenate(probabilities) if probabilities else None)
