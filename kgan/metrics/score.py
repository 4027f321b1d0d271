"""The classifier score: sure about each image, undecided about all of them."""

import itertools
from typing import Any

import numpy as np
from scipy.special import rel_entr

from kgan.errors import InputError
from kgan.metrics.checks import check_count, check_features

# How far from 1 a row may sum: softmax in bfloat16 strays by some thousandths.
LARGEST_SLIP = 1e-2


def classifier_score(probabilities: Any, splits: int = 10) -> tuple[float, float]:
    """Returns exp(E KL(p(y|x) || p(y))), which with Inception's classes is the Inception Score (Salimans et al. 2016).

    p(y) is the mean of p(y|x) over the split. Splits are consecutive rows, as in the authors' code, so shuffle samples
    that come in order of class.

    Args:
        probabilities: `(n, classes)`, a classifier's softmax for n generated images, n at least `splits`.
        splits: In how many parts the images are scored.

    Returns:
        The mean over the splits, in 1 to the number of classes, and their standard deviation (divisor `splits`).

    Raises:
        InputError: If there are fewer images than splits, or rows are no probabilities.
    """
    splits = check_count(splits, "splits")
    rows = check_features(probabilities, "probabilities", at_least=splits).astype(np.float64)
    sums = rows.sum(axis=1)
    if rows.min() < 0.0 or np.abs(sums - 1.0).max() > LARGEST_SLIP:
        raise InputError(
            f"`probabilities` must hold rows of at least 0 that sum to 1; got values from {rows.min():.4g} "
            f"and sums from {sums.min():.4g} to {sums.max():.4g}. Are these logits? Take their softmax."
        )
    rows /= sums[:, None]
    edges = [part * len(rows) // splits for part in range(splits + 1)]
    scores = [_score(rows[start:stop]) for start, stop in itertools.pairwise(edges)]
    return float(np.mean(scores)), float(np.std(scores))


def _score(rows: np.ndarray) -> float:
    return float(np.exp(rel_entr(rows, rows.mean(axis=0)).sum(axis=1).mean()))
