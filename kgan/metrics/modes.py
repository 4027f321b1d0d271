"""Which modes of the data a generator makes, and in what shares."""

import math
from typing import Any

import numpy as np
from scipy.special import rel_entr

from kgan.errors import InputError
from kgan.metrics.checks import check_count


def check_labels(labels: Any, name: str, num_modes: int) -> np.ndarray:
    """Returns whole numbers in [0, num_modes) as int64, of any shape but empty.

    Raises:
        InputError: If they are not.
    """
    array = np.asarray(labels)
    if array.dtype.kind not in "iu" or not array.size:
        raise InputError(f"`{name}` must be whole numbers; got shape {array.shape} of the type {array.dtype}.")
    if array.min() < 0 or array.max() >= num_modes:
        raise InputError(f"`{name}` must lie in 0 to {num_modes - 1}; got {array.min()} to {array.max()}.")
    return array.astype(np.int64)


def stacked_mnist_modes(digits: Any) -> np.ndarray:
    """Returns the modes of stacked MNIST (Metz et al. 2017): 100 a + 10 b + c of the digits in the three channels.

    Args:
        digits: `(n, 3)`, a classifier's digit for each channel, in 0 to 9.

    Returns:
        `(n,)`, int64 in 0 to 999.

    Raises:
        InputError: If they are no digits, or not three an image.
    """
    array = check_labels(digits, "digits", 10)
    if array.ndim != 2 or array.shape[1] != 3:
        raise InputError(f"`digits` must be (n, 3), a digit for each channel; got shape {array.shape}.")
    return array @ np.array([100, 10, 1])


def mode_histogram(labels: Any, num_modes: int) -> np.ndarray:
    """Returns how many samples fall in each mode, `(num_modes,)`, int64.

    Args:
        labels: `(n,)`, the mode of each sample, in 0 to num_modes - 1: a classifier's class, or a cluster.
        num_modes: How many modes there are.

    Raises:
        InputError: If labels are no such numbers.
    """
    num_modes = check_count(num_modes, "num_modes")
    array = check_labels(labels, "labels", num_modes)
    if array.ndim != 1:
        raise InputError(f"`labels` must be (n,), one mode a sample; got shape {array.shape}.")
    return np.bincount(array, minlength=num_modes)


def mode_count(histogram: Any) -> int:
    """Returns in how many modes there is at least one sample.

    Args:
        histogram: `(modes,)`, samples or shares.

    Raises:
        InputError: If it is no histogram.
    """
    return int(np.count_nonzero(_check_histogram(histogram, "histogram")))


def mode_divergence(histogram: Any, reference: Any) -> float:
    """Returns KL(p || q) = Σ p log(p / q) in nats, p the generated and q the reference shares of the modes.

    The direction of Metz et al. (2017) and VEEGAN. Perfect samples do not reach 0: n of them in K equal modes have an
    expected divergence of about (K - 1) / (2 n), which is 0.0192 for stacked MNIST's 26,000 in 1000.

    Args:
        histogram: `(modes,)`, of generated samples: counts or shares.
        reference: `(modes,)`, of the data: counts or shares; `numpy.ones(modes)` where all are equal.

    Returns:
        A number of at least 0; infinity if there are samples in a mode that the reference lacks.

    Raises:
        InputError: If they are no histograms of one length.
    """
    counts, expected = _check_histogram(histogram, "histogram"), _check_histogram(reference, "reference")
    if counts.shape != expected.shape:
        raise InputError(f"`histogram` and `reference` must be of the same modes; got {len(counts)}, {len(expected)}.")
    return max(0.0, math.fsum(rel_entr(counts / counts.sum(), expected / expected.sum())))


def _check_histogram(histogram: Any, name: str) -> np.ndarray:
    array = np.asarray(histogram)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        raise InputError(f"`{name}` must be (modes,), numbers; got shape {array.shape} of the type {array.dtype}.")
    if not (np.isfinite(array).all() and (array >= 0).all() and array.sum() > 0):
        raise InputError(f"`{name}` must hold finite counts or shares of at least 0, not all of them 0.")
    return array.astype(np.float64)
