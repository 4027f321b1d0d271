"""Modes, classes or clusters, that a generator drops, shows too seldom or too often."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.cluster.vq import ClusterError, kmeans2
from scipy.stats import hypergeom

from kgan.errors import InputError
from kgan.metrics.checks import check_count, check_features
from kgan.metrics.neighbours import nearest

# Chance of an alarm where real images are compared with real images.
ALARM_LEVEL = 1e-4
# A mode is missing below this part of its real share, rare or crowded if off by more than this factor.
MISSING = 0.05
FACTOR = 1.25
# Real images to find clusters in.
MOST_CLUSTERED = 10_000
KMEANS_STEPS = 30


class Clusters:
    """Modes of images without classes: k-means over real features (Lloyd's algorithm, 30 steps, from random images).

    Args:
        real: Features `(n, d)`; 10,000 of them, drawn, are clustered if there are more.
        num_clusters: How many modes to tell apart.
        seed: Of the draws.

    Raises:
        InputError: If there are fewer distinct images than clusters, or the features cannot be used.
    """

    def __init__(self, real: Any, num_clusters: int = 30, seed: int = 0) -> None:
        num_clusters = check_count(num_clusters, "num_clusters", at_least=2)
        real = check_features(real, "real", at_least=num_clusters)
        draw = np.random.default_rng(seed)
        chosen = real[np.sort(draw.permutation(len(real))[:MOST_CLUSTERED])].astype(np.float64)
        first = chosen[draw.choice(len(chosen), num_clusters, replace=False)]
        try:
            self.centres, _ = kmeans2(chosen, first, iter=KMEANS_STEPS, minit="matrix", missing="raise")
        except ClusterError as error:
            raise InputError(
                f"num_clusters={num_clusters}: {len(real)} real images do not fall into so many clusters; take fewer."
            ) from error

    def __call__(self, features: Any) -> np.ndarray:
        """Returns the nearest cluster of each row of features `(n, d)`, int64 `(n,)`."""
        return nearest(features, self.centres)[1][:, 0]


@dataclasses.dataclass(frozen=True)
class ModeReport:
    """How often each mode, a class or a cluster, comes up among real images and among samples.

    Attributes:
        names: The modes' names.
        real: float64 `(modes,)`, their shares of the real images.
        fake: The same of the samples.
        p_values: The chance of a difference as large between two draws of real images, corrected for the number of
            modes and for both directions (Bonferroni).
        missing: Modes, by index, that come up at less than 0.05 of their real share.
        rare: Modes at less than 1 / 1.25 of it.
        crowded: Modes at more than 1.25 times it. All three only if the p-value is below 1e-4.
    """

    names: tuple[str, ...]
    real: np.ndarray
    fake: np.ndarray
    p_values: np.ndarray
    missing: tuple[int, ...]
    rare: tuple[int, ...]
    crowded: tuple[int, ...]

    @property
    def alarm(self) -> bool:
        """Whether any mode is missing, rare or crowded."""
        return bool(self.missing or self.rare or self.crowded)

    def describe(self) -> str:
        """Returns a sentence or two in plain words."""
        if not self.alarm:
            return f"all {len(self.names)} modes come up about as often as in the real images."
        parts = [
            f"{word}: " + ", ".join(f"{self.names[i]} ({self.fake[i]:.1%}, real {self.real[i]:.1%})" for i in modes)
            for word, modes in (("missing", self.missing), ("rare", self.rare), ("crowded", self.crowded))
            if modes
        ]
        advice = " Try a gradient penalty on the critic." if self.missing or self.rare else ""
        return f"the samples do not cover the real images' modes; {'; '.join(parts)}.{advice}"


def mode_report(real: Any, fake: Any, num_modes: int, names: Sequence[str] | None = None) -> ModeReport:
    """Tests for each mode whether samples show it as often as real images do.

    The test is Fisher's exact one, in both directions: given how many images of both kinds fall into the mode, those of
    them that are samples follow the hypergeometric distribution.

    Args:
        real: The mode of each real image, integers `(n,)` in 0 .. num_modes - 1: labels, `probabilities.argmax(1)` of
            a classifier, or what `Clusters` says. Of real images and samples by the same means, so that its errors
            cancel.
        fake: The mode of each sample, `(m,)`.
        num_modes: How many there are.
        names: What to call them; by default their numbers.

    Raises:
        InputError: If there are no images, or a mode is out of its range.
    """
    num_modes = check_count(num_modes, "num_modes", at_least=2)
    names = tuple(map(str, range(num_modes) if names is None else names))
    if len(names) != num_modes:
        raise InputError(f"`names` must be {num_modes} names, one a mode; got {len(names)}.")
    real_counts, fake_counts = _count(real, "real", num_modes), _count(fake, "fake", num_modes)
    both, draws = real_counts + fake_counts, int(fake_counts.sum())
    law = hypergeom(int(both.sum()), both, draws)
    one_sided = np.minimum(law.cdf(fake_counts), law.sf(fake_counts - 1))
    p_values = np.minimum(1.0, 2 * num_modes * one_sided)
    real_shares, fake_shares = real_counts / real_counts.sum(), fake_counts / draws
    sure = p_values < ALARM_LEVEL
    missing = sure & (fake_shares < MISSING * real_shares)
    rare = sure & ~missing & (fake_shares < real_shares / FACTOR)
    crowded = sure & (fake_shares > FACTOR * real_shares)
    groups = (tuple(np.flatnonzero(mask).tolist()) for mask in (missing, rare, crowded))
    return ModeReport(names, real_shares, fake_shares, p_values, *groups)


def _count(modes: Any, name: str, num_modes: int) -> np.ndarray:
    modes = np.asarray(modes)
    if modes.ndim != 1 or not len(modes) or modes.dtype.kind not in "iu":
        raise InputError(
            f"`{name}` must be the modes of at least 1 image, integers (n,); got {modes.dtype} {modes.shape}."
        )
    if modes.min() < 0 or modes.max() >= num_modes:
        raise InputError(f"`{name}` must be modes from 0 to {num_modes - 1}; got {modes.min()} to {modes.max()}.")
    return np.bincount(modes, minlength=num_modes)
