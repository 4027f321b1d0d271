"""Fidelity, variety and novelty apart: shares of samples that lie in each other's neighbourhoods.

A point's neighbourhood is the closed ball up to its k-th nearest neighbour in its own set, itself not counted.
"""

from typing import Any, NamedTuple

import numpy as np

from kgan.metrics.checks import check_count
from kgan.metrics.neighbours import check_points, nearest, within


class PrecisionRecall(NamedTuple):
    """Shares in [0, 1].

    Attributes:
        precision: Of the generated samples, those in a real one's neighbourhood.
        recall: Of the real samples, those in a generated one's neighbourhood.
    """

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """How well generated samples fill the real ones' neighbourhoods.

    Attributes:
        density: In how many real neighbourhoods a generated sample lies, the mean over k; about 1 for perfect samples.
        coverage: Of the real neighbourhoods, the share in [0, 1] that holds a generated sample.
    """

    density: float
    coverage: float


def _balls(queries: np.ndarray, points: np.ndarray, k: int) -> np.ndarray:
    """Returns in how many of the points' neighbourhoods each query lies, `(n,)`."""
    radii = nearest(points, points, k, exclude_self=True)[0][:, -1]
    return np.concatenate([inside.sum(axis=1) for _, inside in within(queries, points, radii)])


def precision_recall(real: Any, fake: Any, k: int = 3) -> PrecisionRecall:
    """Returns improved precision and recall (Kynkäänniemi et al. 2019, equations 1 and 2).

    Args:
        real: `(n, d)`, n at least k + 1.
        fake: `(m, d)`, m at least k + 1. The paper takes as many of both.
        k: The neighbour that ends a neighbourhood.

    Raises:
        InputError: If a set holds k samples or fewer, or the features cannot be used.
    """
    k = check_count(k, "k")
    real, fake = check_points(real, fake, ("real", "fake"), k + 1, k + 1)
    precision, recall = (_balls(a, b, k) > 0 for a, b in ((fake, real), (real, fake)))
    return PrecisionRecall(float(precision.mean()), float(recall.mean()))


def density_coverage(real: Any, fake: Any, k: int = 5) -> DensityCoverage:
    """Returns density and coverage (Naeem et al. 2020).

    Outliers among the real samples, whose wide balls raise precision, weigh little in density. The expected coverage of
    real samples by as many real ones is 1 - (n - 1) ... (n - k) / ((2n - 1) ... (2n - k)), about 1 - 2⁻ᵏ: 0.969 at
    k = 5. The authors' code leaves out the surface of the balls, which matters for copies only.

    Args:
        real: `(n, d)`, n at least k + 1.
        fake: `(m, d)`.
        k: The neighbour that ends a neighbourhood.

    Raises:
        InputError: If `real` holds k samples or fewer, or the features cannot be used.
    """
    k = check_count(k, "k")
    real, fake = check_points(real, fake, ("real", "fake"), k + 1)
    radii = nearest(real, real, k, exclude_self=True)[0][:, -1]
    counts = sum(int(inside.sum()) for _, inside in within(fake, real, radii))
    coverage = nearest(real, fake)[0][:, 0] <= radii
    return DensityCoverage(counts / (k * len(fake)), float(coverage.mean()))


def authenticity(train: Any, fake: Any) -> float:
    """Returns AuthPct as a share: of the generated samples, those that are no copies (Alaa et al. 2022).

    A sample is authentic if it lies farther from its nearest training sample than that one from its own nearest
    training sample. The name AuthPct is that of Stein et al. (2023), who print it in per cent.

    Args:
        train: `(n, d)`, what the generator was trained on, n at least 2.
        fake: `(m, d)`.

    Returns:
        A share in [0, 1].

    Raises:
        InputError: If `train` holds fewer than 2 samples, or the features cannot be used.
    """
    train, fake = check_points(train, fake, ("train", "fake"), 2)
    own = nearest(train, train, exclude_self=True)[0][:, 0]
    distances, indices = nearest(fake, train)
    return float(np.mean(distances[:, 0] > own[indices[:, 0]]))
