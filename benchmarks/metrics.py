"""Time and memory of the metrics on drawn features, and what they say of two samples of one Gaussian.

    python benchmarks/metrics.py [frechet] [infinity] [kernel] [gaussian_mmd] [precision_recall] [gaussians]

- frechet: 50,000 generated features of 2048 dimensions against a real set whose moments are at hand;
- infinity: the distance extrapolated to infinite n, 10,000 features of 128 dimensions;
- kernel: 100 subsets of 1000 features of 2048 dimensions;
- gaussian_mmd, precision_recall: 10,000 features of 2048 dimensions against as many;
- gaussians: precision, recall, density, coverage and AuthPct of 10,000 against 10,000 samples of one Gaussian of 1000
  dimensions, k = 5; the paper of density and coverage expects 0.969 for coverage.

Each in a process of its own; the memory is that process's peak, with TensorFlow and the features in it. Processor
seconds are summed over cores: on a busy machine half of them is nearer to the time that two free cores take.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from kgan import metrics


def features(seed: int, count: int, size: int) -> np.ndarray:
    """Returns `(count, size)` float32, in the manner of a network's: positive, correlated, of uneven scales."""
    generator = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(0.0, size**-0.5, (size, size)).astype(np.float32)
    scales = np.geomspace(1.0, 1e-3, size, dtype=np.float32)
    return np.abs((generator.standard_normal((count, size), dtype=np.float32) * scales) @ mixing)


def timed(title: str, action: Callable[[], object]) -> object:
    """Returns what the action returns, once its time, the peak memory and the result are printed."""
    wall, processor = time.perf_counter(), time.process_time()
    result = action()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    shown = "" if isinstance(result, metrics.Moments) else f"  {result}"
    print(f"{title:58} {wall:7.1f} s {processor:7.1f} processor s {peak:6.2f} GiB{shown}", flush=True)
    return result


def frechet() -> None:
    """Prints the Frechet distance's time, in its two parts."""
    real = metrics.moments(features(1, 20_000, 2048))
    fake = features(2, 50_000, 2048)
    moments = timed("moments, 50,000 x 2048", lambda: metrics.moments(fake))
    timed("Frechet distance of moments, 2048", lambda: metrics.frechet_distance(real, moments))


def infinity() -> None:
    """Prints the extrapolated Frechet distance's time."""
    real, fake = metrics.moments(features(1, 10_000, 128)), features(2, 10_000, 128)
    timed("Frechet distance at infinity, 10,000 x 128", lambda: metrics.frechet_distance_infinity(real, fake))


def kernel() -> None:
    """Prints the kernel distance's time."""
    real, fake = features(1, 10_000, 2048), features(2, 10_000, 2048)
    timed("kernel distance, 100 x 1000 of 10,000 x 2048", lambda: metrics.kernel_distance(real, fake))


def gaussian_mmd() -> None:
    """Prints the Gaussian MMD's time."""
    real, fake = features(1, 10_000, 2048), features(2, 10_000, 2048)
    timed("Gaussian MMD, 10,000 x 10,000 x 2048", lambda: metrics.gaussian_mmd(real, fake))


def precision_recall() -> None:
    """Prints the time of precision and recall."""
    real, fake = features(1, 10_000, 2048), features(2, 10_000, 2048)
    timed("precision and recall, 10,000 x 10,000 x 2048, k = 3", lambda: metrics.precision_recall(real, fake))


def gaussians() -> None:
    """Prints the figures of two samples of one Gaussian."""
    real, fake = np.random.default_rng(0).standard_normal((2, 10_000, 1000))
    timed("two samples of a Gaussian, 10,000 x 1000, k = 5", lambda: metrics.precision_recall(real, fake, k=5))
    timed("", lambda: metrics.density_coverage(real, fake, k=5))
    timed("AuthPct", lambda: metrics.authenticity(real, fake))


BENCHMARKS = {
    benchmark.__name__: benchmark
    for benchmark in (frechet, infinity, kernel, gaussian_mmd, precision_recall, gaussians)
}


def main(names: list[str]) -> None:
    """Runs one benchmark here, several in a process each."""
    if len(names) == 1:
        BENCHMARKS[names[0]]()
        return
    for name in names or BENCHMARKS:
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
