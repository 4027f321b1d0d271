"""How many different images a generator can make, by the birthday paradox."""

import math
from typing import Any, NamedTuple

import numpy as np

from kgan.errors import InputError
from kgan.metrics.checks import check_features
from kgan.metrics.neighbours import within

# Pairs of duplicates after which more samples say little more, and rows that are searched at a time.
ENOUGH, ROWS = 100_000, 512
# Random orders of the samples; odd, so that the median is one of them.
ORDERS = 999


class Support(NamedTuple):
    """An estimate of a generator's support.

    Attributes:
        size: s (s - 1) / (2 ln 2), the number of equally likely images; infinity if no duplicate was found: then it is
            larger than about n², n being the number of samples.
        batch_size: s, the size of a batch that holds a duplicate half of the time; infinity likewise.
        duplicates: Pairs of duplicates that were found.
    """

    size: float
    batch_size: float
    duplicates: int


def birthday_support(features: Any, threshold: float = 0.0, seed: int = 0) -> Support:
    """Estimates the size of a generator's support (Arora and Zhang 2017).

    If a batch of s samples holds a duplicate with probability 1/2, there are about s² different ones. The paper stops
    there; of N equally likely ones none of the s (s - 1) / 2 pairs is equal with probability exp(-s (s - 1) / (2 N)),
    so s (s - 1) / (2 ln 2) is returned. Uneven shares make it smaller: it counts what the generator mostly makes.

    Two samples are duplicates if their features are no farther apart than `threshold`. 0 finds exact copies only, which
    a generator of continuous latents hardly makes: take a low quantile of the distances between real images and their
    nearest real neighbours, and look at the pairs, as the paper did.

    The samples are put in `ORDERS` random orders; s is the median of the place at which the first duplicate of an
    earlier sample comes. The search ends after `ENOUGH` pairs, for a generator that collapsed makes n² of them.

    Args:
        features: `(n, d)`, n at least 2; s can only be seen if it is below n.
        threshold: At least 0, in units of the features.
        seed: Of the orders, by `numpy.random.default_rng`.

    Raises:
        InputError: If there are fewer than 2 samples, the threshold is less than 0, or the features cannot be used.
    """
    features = check_features(features, "features", at_least=2)
    if not 0.0 <= threshold < math.inf:
        raise InputError(f"`threshold` is a distance and must be at least 0; got {threshold!r}.")
    generator = np.random.default_rng(seed)
    later, earlier, used = _duplicates(features[generator.permutation(len(features))], threshold)
    if not len(later):
        return Support(math.inf, math.inf, 0)
    places = (generator.permutation(used) for _ in range(ORDERS))
    first = [1 + np.maximum(place[later], place[earlier]).min() for place in places]
    batch_size = float(np.median(first))
    return Support(batch_size * (batch_size - 1.0) / (2.0 * math.log(2.0)), batch_size, len(later))


def _duplicates(features: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Returns the pairs of duplicates, the later and the earlier row of each, among the first so many rows."""
    later, earlier, found, stop = [], [], 0, 0
    while stop < len(features) and found < ENOUGH:
        start, stop = stop, min(stop + ROWS, len(features))
        for rows, inside in within(features[start:stop], features[:stop], np.full(stop, threshold)):
            row, column = np.nonzero(inside)
            row += start + rows.start
            before = column < row
            later.append(row[before])
            earlier.append(column[before])
            found += len(later[-1])
    return np.concatenate(later), np.concatenate(earlier), stop
