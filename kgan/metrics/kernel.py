"""Kernel distances: the squared maximum mean discrepancy (MMD²) between two sets of features, unbiased."""

from typing import Any, NamedTuple

import numpy as np

from kgan.errors import InputError
from kgan.metrics.checks import check_count, check_features, check_pair
from kgan.metrics.neighbours import check_points, squared_blocks


class KernelDistance(NamedTuple):
    """A kernel distance over subsets.

    Attributes:
        mean: The mean of the subsets' estimates of MMD²; unbiased, so it may be less than 0.
        std: Their standard deviation (divisor: the number of subsets): how far one subset's estimate strays.
    """

    mean: float
    std: float


def kernel_distance(real: Any, fake: Any, subsets: int = 100, subset_size: int = 1000, seed: int = 0) -> KernelDistance:
    """Returns the kernel distance, which with Inception's features is KID (Bińkowski et al. 2018).

        MMD² = Σ_{i≠j} k(xᵢ, xⱼ) / (m (m - 1)) + Σ_{i≠j} k(yᵢ, yⱼ) / (m (m - 1)) - 2 Σ_{i,j} k(xᵢ, yⱼ) / m²
        k(x, y) = (x·y / d + 1)³

    on `subsets` pairs of random subsets of m = `subset_size` features. Its expectation is the same at every n.

    Args:
        real: `(n, d)`.
        fake: `(n', d)`; n' may differ from n.
        subsets: How many pairs of subsets.
        subset_size: m, at least 2 and at most n and n'.
        seed: Of the draws without replacement, by `numpy.random.RandomState(seed)`, for each subset first from `fake`,
            then from `real`: torch-fidelity's order of its inputs 1 and 2, so that one seed gives one value in both.

    Raises:
        InputError: If a set holds fewer than `subset_size` samples, or the features cannot be used.
    """
    subsets, size = check_count(subsets, "subsets"), check_count(subset_size, "subset_size", 2)
    real, fake = (_at_least_a_subset(array, name, size) for array, name in ((real, "real"), (fake, "fake")))
    check_pair(real, fake, ("real", "fake"))
    generator = np.random.RandomState(seed)
    estimates = np.empty(subsets)
    for index in range(subsets):
        first = fake[generator.choice(len(fake), size, replace=False)].astype(np.float64)
        second = real[generator.choice(len(real), size, replace=False)].astype(np.float64)
        estimates[index] = _unbiased_cubic(first, second)
    return KernelDistance(float(estimates.mean()), float(estimates.std()))


def _at_least_a_subset(features: Any, name: str, size: int) -> np.ndarray:
    array = check_features(features, name)
    if len(array) < size:
        raise InputError(
            f"`{name}` must hold at least {size} samples, one subset; got {len(array)}. "
            f"Give more, or a `subset_size` of at most {len(array)}."
        )
    return array


def _cubic(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns (t + 1)³ - 1: the ones cancel in MMD², and take the digits of what is small along."""
    product = first @ second.T / first.shape[1]
    return product * (3.0 + product * (3.0 + product))


def _unbiased_cubic(first: np.ndarray, second: np.ndarray) -> float:
    """Returns MMD² of two sets of one size."""
    size = len(first)
    own = sum(matrix.sum() - np.trace(matrix) for matrix in (_cubic(first, first), _cubic(second, second)))
    return own / (size * (size - 1)) - 2.0 * _cubic(first, second).mean()


def gaussian_mmd(real: Any, fake: Any, sigma: float = 10.0) -> float:
    """Returns the unbiased MMD² under a Gaussian kernel: CMMD's form (Jayasumana et al. 2024).

        MMD² = Σ_{i≠j} k(xᵢ, xⱼ) / (n (n - 1)) + Σ_{i≠j} k(yᵢ, yⱼ) / (m (m - 1)) - 2 Σ_{i,j} k(xᵢ, yⱼ) / (n m)
        k(x, y) = exp(-|x - y|² / (2 σ²))

    It is CMMD only in CLIP's features, of length 1. Features are taken as given, without scaling. This is the paper's
    estimator, over all pairs, a block at a time; the authors' code multiplies by 1000 for print and counts the pairs
    i = j too, so that it is biased upwards, by about (1 / n + 1 / m) (1 - E[k]).

    Args:
        real: `(n, d)`, n at least 2.
        fake: `(m, d)`, m at least 2.
        sigma: σ, above 0, in units of the features.

    Returns:
        A number of at most 2; unbiased, so it may be less than 0.

    Raises:
        InputError: If a set holds fewer than 2 samples, `sigma` is not above 0, or the features cannot be used.
    """
    if not 0.0 < sigma < np.inf:
        raise InputError(f"`sigma` is the kernel's width and must be above 0; got {sigma!r}.")
    real, fake = check_points(real, fake, ("real", "fake"), 2, 2)
    # Of a wide kernel k - 1 is summed: the ones cancel in MMD², and would take the digits of what is small along.
    spread = np.square(fake - real.mean(axis=0, dtype=np.float64)).sum(axis=1).mean()
    kernel = np.expm1 if sigma**2 > spread else np.exp
    own = sum(_kernel_sum(kernel, one, one, sigma, True) / (len(one) * (len(one) - 1)) for one in (real, fake))
    return float(own - 2.0 * _kernel_sum(kernel, real, fake, sigma, False) / (len(real) * len(fake)))


def _kernel_sum(kernel: np.ufunc, queries: np.ndarray, points: np.ndarray, sigma: float, same: bool) -> float:
    """Returns the sum over all pairs; of a set with itself over the pairs of two different rows."""
    total = 0.0
    for rows, squared, _ in squared_blocks(queries, points):
        np.maximum(squared, 0.0, out=squared)
        squared /= -2.0 * sigma**2
        kernel(squared, out=squared)
        if same:
            own = np.arange(len(squared))
            squared[own, own + rows.start] = 0.0
        total += float(squared.sum())
    return total
