"""How far a number would move with other images: standard errors by subsampling.

Drawing features with replacement, the usual bootstrap, is no use here: a point drawn twice is its own nearest neighbour
at distance 0, and the repeats raise every Frechet distance. So replicates are drawn without replacement: m of the n
real and m of the n generated images, m at most n / 2, the metric computed on these alone (the m out of n bootstrap
without replacement, or subsampling; Politis and Romano 1994). For a statistic whose variance is σ²/n, replicates of one
sample scatter with variance σ² (1/m - 1/n), so

    standard error = s sqrt(m / (n - m)),   s: standard deviation of the replicates,

exactly for means, and for others as n grows. The level of a replicate, which depends on m, plays no part. Near the
floor a Frechet distance's variance falls faster than 1/n, and the error stated is too large, up to sqrt(n / m) times.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from kgan.evaluation.measures import Measure
from kgan.evaluation.sample import Pair, Progress

REPLICATES = 25
CONFIDENCE = 0.95
SEED = 0


def intervals(
    measures: Sequence[Measure], pair: Pair, values: Sequence[float], progress: Progress | None = None
) -> list[tuple[float, float]]:
    """Returns a 95 % interval of each number, for other images of both kinds: value ± t s sqrt(m / (n - m)).

    t is Student's for the number of replicates; an end beyond what the measure can be is put at that limit. Where a
    replicate is not finite, the interval is all that the measure can be.

    Args:
        measures: The measures.
        pair: The samples, n each.
        values: What the measures are on all of these.
        progress: Told how far it has come.
    """
    sizes = [min(len(pair.fake) // 2, measure.most) for measure in measures]
    replicates = np.empty((REPLICATES, len(measures)))
    random = np.random.default_rng(SEED)
    for index in range(REPLICATES):
        orders = [random.permutation(len(sample)) for sample in (pair.real, pair.fake)]
        smaller = {size: Pair(pair.real[orders[0][:size]], pair.fake[orders[1][:size]]) for size in set(sizes)}
        replicates[index] = [m.value(smaller[size]) for m, size in zip(measures, sizes, strict=True)]
        if progress:
            progress("intervals", index + 1, REPLICATES)
    return [
        _interval(measure, value, column, math.sqrt(size / (len(pair.fake) - size)))
        for measure, size, value, column in zip(measures, sizes, values, replicates.T, strict=True)
    ]


def _interval(measure: Measure, value: float, replicates: np.ndarray, scale: float) -> tuple[float, float]:
    if not np.isfinite(replicates).all():
        return measure.limits
    half = stats.t.ppf((1 + CONFIDENCE) / 2, REPLICATES - 1) * replicates.std(ddof=1) * scale
    low, high = measure.limits
    return max(low, float(value - half)), min(high, float(value + half))


def share_interval(share: float, count: int) -> tuple[float, float]:
    """Returns Wilson's 95 % interval (1927) of a share p that was found in n = `count` independent images.

    Its ends are (p + z²/2n ± z sqrt(p (1 - p) / n + z²/4n²)) / (1 + z²/n).
    """
    z = float(stats.norm.ppf((1 + CONFIDENCE) / 2))
    middle = share + z**2 / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    scale = 1 + z**2 / count
    # At a share of 0 or 1 that end is the share itself, but for rounding.
    return max(0.0, min(share, (middle - half) / scale)), min(1.0, max(share, (middle + half) / scale))
