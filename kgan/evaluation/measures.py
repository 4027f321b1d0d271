"""The measures of an evaluation: each a metric, what it needs, and which way is better."""

import dataclasses
import math
from collections.abc import Callable, Sequence

from kgan import metrics
from kgan.errors import InputError, unknown_name
from kgan.evaluation.sample import Pair

# The kernel distance's subsets; of fewer images each subset is all of them, which estimates the same number.
KERNEL_SUBSET = 1000
# Images of each kind in a replicate, where more would take minutes; see kgan.evaluation.intervals.
FEW, SOME, ALL = 1000, 2000, 1 << 62
ANY, POSITIVE, SCORE, SHARE = (-math.inf, math.inf), (0.0, math.inf), (1.0, math.inf), (0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Measure:
    """One number about generated images, given real ones.

    Attributes:
        key: Its name in programs.
        title: Its name in print, to which the extractor's is added.
        better: `"lower"` or `"higher"`.
        value: Computes it.
        limits: The least and the largest number that it can be.
        at_least: Images of each kind that it needs.
        most: Images of each kind in a replicate for its interval.
        needs_classes: Whether the extractor must be a classifier.
    """

    key: str
    title: str
    better: str
    value: Callable[[Pair], float]
    limits: tuple[float, float]
    at_least: int = 2
    most: int = ALL
    needs_classes: bool = False


def choose(keys: Sequence[str] | None, classes: bool, num_images: int) -> list[Measure]:
    """Returns measures by their keys, or all that fit the extractor.

    Args:
        keys: Which; None for all.
        classes: Whether the extractor is a classifier.
        num_images: Images of each kind that there are.

    Raises:
        InputError: If a key is unknown, a measure named needs a classifier and there is none, or one needs more images.
    """
    chosen = [_find(key, classes) for key in keys or ()] or [m for m in MEASURES if classes or not m.needs_classes]
    greediest = max(chosen, key=lambda measure: measure.at_least)
    if num_images < greediest.at_least:
        raise InputError(
            f"the {greediest.title} needs at least {greediest.at_least} images of each kind; there are {num_images}."
        )
    return chosen


def _find(key: str, classes: bool) -> Measure:
    by_key = {measure.key: measure for measure in MEASURES}
    if key not in by_key:
        raise unknown_name("metric", key, by_key)
    if by_key[key].needs_classes and not classes:
        raise InputError(f"metric {key!r} needs an extractor that is a classifier, such as lenet-mnist.")
    return by_key[key]


def _kernel_distance(pair: Pair) -> float:
    smaller = min(len(pair.real), len(pair.fake))
    # Subsets of all the images would be the same subset each time.
    subsets, size = (100, KERNEL_SUBSET) if smaller > KERNEL_SUBSET else (1, smaller)
    return metrics.kernel_distance(pair.real.values, pair.fake.values, subsets=subsets, subset_size=size).mean


def _mode_count(pair: Pair) -> float:
    return float(metrics.mode_count(metrics.mode_histogram(pair.fake.labels, pair.fake.num_classes)))


def _mode_divergence(pair: Pair) -> float:
    return metrics.mode_divergence(*(metrics.mode_histogram(s.labels, s.num_classes) for s in (pair.fake, pair.real)))


def _frechet_distance(pair: Pair) -> float:
    return metrics.frechet_distance(pair.real.moments, pair.fake.moments)


def _frechet_distance_infinity(pair: Pair) -> float:
    return metrics.frechet_distance_infinity(pair.real.moments, pair.fake.values)


def _gaussian_mmd(pair: Pair) -> float:
    return metrics.gaussian_mmd(pair.real.values, pair.fake.values)


def _classifier_score(pair: Pair) -> float:
    return metrics.classifier_score(pair.fake.probabilities)[0]


def _authenticity(pair: Pair) -> float:
    return metrics.authenticity(pair.real.values, pair.fake.values)


MEASURES = (
    Measure("frechet_distance", "Frechet distance", "lower", _frechet_distance, POSITIVE),
    Measure(
        "frechet_distance_infinity",
        "Frechet distance at infinite n",
        "lower",
        _frechet_distance_infinity,
        ANY,
        at_least=20,
    ),
    Measure("kernel_distance", "kernel distance", "lower", _kernel_distance, ANY, most=FEW),
    Measure("gaussian_mmd", "Gaussian MMD", "lower", _gaussian_mmd, ANY, most=FEW),
    Measure(
        "classifier_score", "classifier score", "higher", _classifier_score, SCORE, at_least=10, needs_classes=True
    ),
    Measure("precision", "precision", "higher", lambda pair: pair.precision_recall[0], SHARE, at_least=4, most=SOME),
    Measure("recall", "recall", "higher", lambda pair: pair.precision_recall[1], SHARE, at_least=4, most=SOME),
    Measure("density", "density", "higher", lambda pair: pair.density_coverage[0], POSITIVE, at_least=6, most=SOME),
    Measure("coverage", "coverage", "higher", lambda pair: pair.density_coverage[1], SHARE, at_least=6, most=SOME),
    Measure("authenticity", "AuthPct", "higher", _authenticity, SHARE, most=SOME),
    Measure("mode_count", "modes", "higher", _mode_count, POSITIVE, needs_classes=True),
    Measure("mode_divergence", "mode divergence", "lower", _mode_divergence, POSITIVE, needs_classes=True),
)
