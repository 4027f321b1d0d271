"""Mode collapse: samples that are near-duplicates of each other."""

import dataclasses
from typing import Any

import numpy as np
from scipy.stats import betabinom

from kgan.errors import InputError
from kgan.metrics.checks import check_features, check_pair
from kgan.metrics.neighbours import nearest

# Chance of an alarm where real images are compared with real images.
ALARM_LEVEL = 1e-4
# Samples to compare with each other at most, and at least.
MOST = 5_000
LEAST = 50
# The share of real images that counts as near-duplicates, and the share of samples from which it is a collapse: the
# smooth pictures of a sound generator crowd a little more than real ones do, some 6 % of drawn digits.
DUPLICATE_RATE = 0.01
LEAST_SHARE = 0.2
# Which neighbour measures how densely real images lie.
DENSITY_NEIGHBOUR = 5


@dataclasses.dataclass(frozen=True)
class Collapse:
    """How many samples nearly repeat another sample, and how varied all of them are.

    Attributes:
        share: Share of the samples that are near-duplicates: relative distance to another sample within `threshold`.
        expected: The share of real images that are.
        p_value: The chance of a share as high, if samples are like real images.
        diversity: The root mean square distance between two samples over that between two real images; 1 is as varied.
        alarm: Whether `p_value` is below 1e-4 and `share` at least 0.2.
        threshold: Of the relative distance.
        n: Samples that were compared.
        pairs: `(k, 2)`, the near-duplicates: index of a sample and of the sample nearest to it, the closest first.
    """

    share: float
    expected: float
    p_value: float
    diversity: float
    alarm: bool
    threshold: float
    n: int
    pairs: np.ndarray

    def describe(self) -> str:
        """Returns a sentence or two in plain words."""
        found = (
            f"{self.share:.1%} of {self.n} samples nearly repeat another one (real images: {self.expected:.1%}); "
            f"two samples differ {self.diversity:.2f} times as much as two real images"
        )
        if self.alarm:
            return f"the samples are collapsing: {found}. Try a lower generator learning rate."
        if self.p_value < ALARM_LEVEL:
            return f"no collapse, but samples crowd together more than real images do: {found}."
        return f"no sign of collapse: {found}."


def collapse(real: Any, fake: Any, seed: int = 0) -> Collapse:
    """Looks for samples that nearly repeat each other.

    The relative distance of a sample is that to the nearest other sample, over that of the real image nearest to it
    to its own 5th neighbour: what counts is whether samples lie more densely than real images do around there. Real
    images are drawn into two halves, as many in each as samples are compared; one half, taken for the samples, gives
    the threshold: the 1 % of them with the least relative distance lie within it. The test is that of `CopyDetector`
    with half the numbers, since near-duplicates come in pairs.

    Args:
        real: Features `(n, d)` of real images, at least 100.
        fake: Those of samples, `(m, d)`, at least 50; as many are compared as half the real images, 5,000 at most.
        seed: Of the draws.

    Raises:
        InputError: If there are fewer, the real images are all alike, or the features cannot be used.
    """
    real, fake = check_features(real, "real", 2 * LEAST), check_features(fake, "fake", LEAST)
    check_pair(real, fake, ("real", "fake"))
    spread = _variance(real)
    if not spread > 0.0:
        raise InputError("`real` must be features of different images; all of them are alike.")
    draw = np.random.default_rng(seed)
    size = min(len(fake), len(real) // 2, MOST)
    halves = draw.permutation(len(real))
    measure = _Crowding(real[halves[:size]])
    usual = np.sort(measure(real[halves[size : 2 * size]])[0])
    rank = max(1, round(DUPLICATE_RATE * size))
    threshold = float(usual[rank - 1])
    # More than that where the real images themselves repeat each other.
    rank = int((usual <= threshold).sum())
    chosen = np.sort(draw.permutation(len(fake))[:size])
    relative, others = measure(fake[chosen])
    count = int((relative <= threshold).sum())
    p_value = betabinom(size // 2, max(1, rank // 2), size // 2 + 1 - max(1, rank // 2)).sf(count // 2 - 1)
    order = np.argsort(relative, kind="stable")[:count]
    return Collapse(
        share=count / size,
        expected=rank / (size + 1),
        p_value=float(p_value),
        diversity=float(np.sqrt(_variance(fake) / spread)),
        alarm=bool(p_value < ALARM_LEVEL and count / size >= LEAST_SHARE),
        threshold=threshold,
        n=size,
        pairs=chosen[np.stack([order, others[order]], axis=1)],
    )


class _Crowding:
    """Distances to the nearest other sample, relative to how densely real images lie around there."""

    def __init__(self, real: np.ndarray) -> None:
        self.real = real
        self.radii = nearest(real, real, DENSITY_NEIGHBOUR, exclude_self=True)[0][:, -1]

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the relative distances, and which other image is the nearest."""
        distances, others = (found[:, 0] for found in nearest(images, images, exclude_self=True))
        around = self.radii[nearest(images, self.real)[1][:, 0]]
        # A repeated sample is one even where real images repeat each other.
        relative = np.divide(distances, around, out=np.where(distances > 0, np.inf, 0.0), where=around > 0)
        return relative, others


def _variance(features: np.ndarray) -> float:
    """Returns the trace of the covariance, half the mean squared distance between two rows."""
    return float(features.var(axis=0, dtype=np.float64).sum())
