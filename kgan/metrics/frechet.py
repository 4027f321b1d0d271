"""The Frechet distance between Gaussians fitted to two sets of features, and its value at infinitely many samples.

Nothing is taken from covariances: the eigenvalues of one carry half of the digits of the features. They are kept as
factors, from QR of the centred features, and the trace of the root becomes a singular value problem of the factors'
product.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import linalg

from kgan.errors import InputError
from kgan.metrics.checks import check_count, check_features, check_pair

# Rows and columns of a block of reflections: a panel of 512 KiB stays in a core's cache; and rows of a product's block.
ROWS, COLUMNS, MANY_ROWS = 1024, 64, 4096
# Least pivot of columns of length 1 at which R₁ has digits enough to begin with: a condition of some 1e5.
LEAST_PIVOT = 1e-5
# Below this part of both variances, the distance is taken as a square: of its digits the difference would lose three.
NEARLY_EQUAL = 1e-3


@dataclasses.dataclass(frozen=True, eq=False)
class Moments:
    """What the Frechet distance needs of a set of features: small, and plain arrays to be cached.

    Attributes:
        mean: `(d,)`, float64.
        factor: `(r, d)`, float64, r = min(n, d), with factorᵀ factor the covariance of divisor n - 1.
        count: n, how many samples there were.
    """

    mean: np.ndarray
    factor: np.ndarray
    count: int


def moments(features: Any, name: str = "features") -> Moments:
    """Returns the mean and a factor of the covariance of features, in float64, block by block.

    Args:
        features: `(n, d)`, n at least 2.
        name: What they are, for an error's message.

    Raises:
        InputError: If the features cannot be used.
    """
    features = check_features(features, name, at_least=2)
    count, size = features.shape
    mean = features.mean(axis=0, dtype=np.float64)
    # A long sum rounds relative to its size; the sum of what is left rounds relative to the spread.
    mean += sum((features[start : start + ROWS] - mean).sum(axis=0) for start in range(0, count, ROWS)) / count
    if count <= size:
        return Moments(mean, (features - mean) / np.sqrt(count - 1), count)
    factor = _cholesky_qr(features, mean)
    if factor is None:
        factor = _householder_qr(features, mean)
    return Moments(mean, factor / np.sqrt(count - 1), count)


def _blocks(features: np.ndarray, mean: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    """Yields the centred features, so many rows at a time."""
    for start in range(0, len(features), rows):
        yield features[start : start + rows] - mean


def _cholesky_qr(features: np.ndarray, mean: np.ndarray) -> np.ndarray | None:
    """Returns R of the centred features' QR by CholeskyQR2 (Yamamoto et al. 2015); None where they are ill-conditioned.

    Products of matrices alone, many times as quick as reflections. The Cholesky factor R₁ of XᵀX carries half of the
    digits; X R₁⁻¹ is nearly orthonormal, so that of its own product, R₂, carries all, and R = R₂ R₁. Columns are
    brought to one length first.
    """
    size = features.shape[1]
    gram = sum((block.T @ block for block in _blocks(features, mean, MANY_ROWS)), np.zeros((size, size)))
    lengths = np.sqrt(gram.diagonal())
    if not lengths.min() > 0.0:
        return None
    try:
        first = linalg.cholesky(gram / np.outer(lengths, lengths), check_finite=False)
        if first.diagonal().min() < LEAST_PIVOT:
            return None
        inverse = (linalg.solve_triangular(first, np.eye(size), check_finite=False) / lengths[:, None]).T
        gram[:] = 0.0
        for block in _blocks(features, mean, MANY_ROWS):
            block = linalg.blas.dtrmm(1.0, inverse, block.T, overwrite_b=1, lower=1)
            gram += block @ block.T
        second = linalg.cholesky(gram, check_finite=False)
    except linalg.LinAlgError:
        return None
    return (second @ first) * lengths


def _householder_qr(features: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Returns R of the centred features' QR by reflections, whatever their condition."""
    size = features.shape[1]
    factor = np.zeros((size, size), order="F")
    for block in _blocks(features, mean, ROWS):
        rows = np.asfortranarray(block)
        factor = linalg.lapack.dtpqrt(0, min(COLUMNS, size), factor, rows, overwrite_a=1, overwrite_b=1)[0]
    return np.ascontiguousarray(np.triu(factor))


def as_moments(features: Any, name: str) -> Moments:
    """Returns features' moments, or moments as they are."""
    return features if isinstance(features, Moments) else moments(features, name)


def frechet_distance(real: Any, fake: Any) -> float:
    """Returns the squared Frechet distance between Gaussians fitted to two sets of features.

        |m₁ - m₂|² + Tr(S₁ + S₂ - 2 (S₁ S₂)^½)

    (Dowson and Landau 1982; Heusel et al. 2017, equation 6, where the features are Inception's: only then is it FID.)
    Covariances have the divisor n - 1 and may be singular (n < d). With S₁ = AᵀA and S₂ = BᵀB the trace of the root is
    the sum of the singular values of A Bᵀ. If the sets are nearly equal almost all of the traces cancels; then the
    second term is computed as what it also is, the Procrustes distance min |A - U B|² over all U of orthonormal
    columns, reached at U = W Vᵀ, where A Bᵀ = W Σ Vᵀ (Bhatia, Jain and Lim 2019, theorem 1).

    Args:
        real: Features `(n, d)`, or their `Moments`.
        fake: Features `(m, d)`, or their `Moments`.

    Returns:
        A number of at least 0, in squared units of the features. It falls with the number of samples, being biased:
        compare at one n only.

    Raises:
        InputError: If there are fewer than 2 samples in one, or the features cannot be used.
    """
    real, fake = as_moments(real, "real"), as_moments(fake, "fake")
    check_pair(real.mean, fake.mean, ("real", "fake"))
    return float(np.square(real.mean - fake.mean).sum()) + covariance_distance(real.factor, fake.factor)


def covariance_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Returns Tr(S₁ + S₂ - 2 (S₁ S₂)^½), at least 0, of the factors of two covariances."""
    large, small = sorted((first, second), key=len, reverse=True)
    product = large @ small.T
    traces = np.square(large).sum() + np.square(small).sum()
    distance = traces - 2.0 * linalg.svdvals(product, check_finite=False).sum()
    if distance > NEARLY_EQUAL * traces:
        return float(distance)
    left, _, right = linalg.svd(product, full_matrices=False, overwrite_a=True, check_finite=False)
    return float(np.square(large - left @ (right @ small)).sum())


def frechet_distance_infinity(
    real: Any, fake: Any, smallest: int | None = None, num_sizes: int = 15, seed: int = 0
) -> float:
    """Returns the Frechet distance extrapolated to infinitely many generated samples (Chong and Forsyth 2020).

    The distance's bias is linear in 1 / n, in the first order. So it is computed for `num_sizes` sizes n, evenly spaced
    from `smallest` to all, each over its own subset drawn at random without replacement, and a straight line in 1 / n
    is fitted by least squares: its value at 0 is returned. The paper's FID∞ has 15 sizes from a tenth upwards. The real
    set is taken whole.

    Args:
        real: Features `(n, d)`, or their `Moments`.
        fake: Features `(m, d)`.
        smallest: The smallest subset, at least 2; by default a tenth of `fake`.
        num_sizes: How many subsets, at least 2.
        seed: Of the draws: subset i is the first of `numpy.random.default_rng(seed)`'s i-th permutation of the rows.

    Returns:
        The intercept. An extrapolation: between very close distributions it may be less than 0.

    Raises:
        InputError: If the sizes do not fit the samples, or the features cannot be used.
    """
    num_sizes = check_count(num_sizes, "num_sizes", 2)
    fake = check_features(fake, "fake", at_least=max(20, num_sizes))
    smallest = check_count(len(fake) // 10 if smallest is None else smallest, "smallest", 2)
    sizes = np.linspace(smallest, len(fake), num_sizes).astype(int)
    if len(np.unique(sizes)) < num_sizes or smallest >= len(fake):
        raise InputError(f"{num_sizes} sizes from {smallest} up need more than the {len(fake)} samples of `fake`.")
    real, generator = as_moments(real, "real"), np.random.default_rng(seed)
    distances = [frechet_distance(real, fake[generator.permutation(len(fake))[:size]]) for size in sizes]
    inverse = 1.0 / sizes - np.mean(1.0 / sizes)
    slope = np.dot(inverse, distances) / np.dot(inverse, inverse)
    return float(np.mean(distances) - slope * np.mean(1.0 / sizes))
