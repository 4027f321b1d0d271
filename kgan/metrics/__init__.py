"""How good, how varied, how new: small pure functions over features."""

from kgan.metrics.frechet import Moments, frechet_distance, frechet_distance_infinity, moments
from kgan.metrics.kernel import KernelDistance, gaussian_mmd, kernel_distance
from kgan.metrics.manifold import DensityCoverage, PrecisionRecall, authenticity, density_coverage, precision_recall
from kgan.metrics.modes import mode_count, mode_divergence, mode_histogram, stacked_mnist_modes
from kgan.metrics.neighbours import nearest
from kgan.metrics.score import classifier_score
from kgan.metrics.smoothness import path_length, path_points
from kgan.metrics.support import Support, birthday_support

__all__ = [
    "DensityCoverage",
    "KernelDistance",
    "Moments",
    "PrecisionRecall",
    "Support",
    "authenticity",
    "birthday_support",
    "classifier_score",
    "density_coverage",
    "frechet_distance",
    "frechet_distance_infinity",
    "gaussian_mmd",
    "kernel_distance",
    "mode_count",
    "mode_divergence",
    "mode_histogram",
    "moments",
    "nearest",
    "path_length",
    "path_points",
    "precision_recall",
    "stacked_mnist_modes",
]
