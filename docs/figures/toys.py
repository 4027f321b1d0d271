"""The small worlds of docs/how-gans-work/: distributions so simple that everything about them can be computed."""

import numpy as np
import ring
import tensorflow as tf

from kgan import losses, metrics
from kgan.divergences import js_divergence, sliding_divergences

# The data are N(0, 1), the generator's samples N(1.5, 0.7²), on a grid that leaves out less than 1e-8 of either.
GRID = np.linspace(-6, 6, 2401)
DATA, GENERATOR = (0.0, 1.0), (1.5, 0.7)
SAMPLES = 2000
RING_COVARIANCE = ring.RADIUS**2 / 2 + ring.DEVIATION**2


def normal(x: np.ndarray, mean: float, deviation: float) -> np.ndarray:
    """Returns the density of N(mean, deviation²)."""
    return np.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))


def sigmoid(logit: np.ndarray) -> np.ndarray:
    """Returns 1 / (1 + exp(-logit))."""
    return np.exp(-np.logaddexp(0, -logit))


def densities() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the places, and the densities of data and generator there."""
    return GRID, normal(GRID, *DATA), normal(GRID, *GENERATOR)


def optimal_logit(x: np.ndarray) -> np.ndarray:
    """Returns log(p / q), of which D* = p / (p + q) is the sigmoid."""
    (m, s), (n, t) = DATA, GENERATOR
    return -0.5 * ((x - m) / s) ** 2 - np.log(s) + 0.5 * ((x - n) / t) ** 2 + np.log(t)


def value(scale: float) -> float:
    """Returns V(D) = E_p[log D] + E_q[log(1 - D)] of the critic whose logit is so many times the optimal one."""
    x, p, q = densities()
    logit = scale * optimal_logit(x)
    return float(-(p * np.logaddexp(0, -logit) + q * np.logaddexp(0, logit)).sum() * (x[1] - x[0]))


def value_of_the_best_critic() -> float:
    """Returns 2 JS(p, q) - log 4."""
    _, p, q = densities()
    return 2 * js_divergence(p / p.sum(), q / q.sum()) - np.log(4)


def slopes_by_logit() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns what critics may say of a sample, and how strongly each loss then pulls at their logit."""
    probabilities = np.geomspace(1e-4, 1 - 1e-4, 201)
    logits = tf.Variable(np.log(probabilities / (1 - probabilities)), dtype=tf.float32)
    slopes = {}
    for name in ("minimax", "non_saturating"):
        with tf.GradientTape() as tape:
            loss = losses.get(name).generator(None, logits)
        # The loss is a mean over samples; of each alone the slope is as many times as large.
        slopes[name] = np.abs(tape.gradient(loss, logits).numpy()) * len(probabilities)
    return probabilities, slopes


def forces_on_the_generator() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns distances θ, and |dL_G/dθ| of the generator N(θ, 1) of data N(0, 1), the critic being the best one.

    A sample is x = θ + noise, and the best critic's logit log(p / q) = θ²/2 - θ x has the slope -θ in x. So the
    saturating loss, of slope D by the logit, has θ E_q[D], and the non-saturating one θ E_q[1 - D].
    """
    shifts, noise = np.linspace(0, 8, 161), np.linspace(-8, 8, 3201)
    weights = normal(noise, 0, 1) * (noise[1] - noise[0])
    taken_for_real = np.array([weights @ sigmoid(t**2 / 2 - t * (t + noise)) for t in shifts])
    return shifts, {"minimax": shifts * taken_for_real, "non_saturating": shifts * (1 - taken_for_real)}


def parallel_lines() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns distances θ, and the divergences of U on the line x = 0 from U on the line x = θ.

    Both are the same along y, so that what divides them is the two point masses in x.
    """
    places = np.arange(-20, 41) / 20
    thetas = np.arange(0, 21) / 20
    return thetas, sliding_divergences(lambda x: np.abs(x) < 1e-9, places, thetas)


def imitations() -> dict[str, np.ndarray]:
    """Returns sets of points that all have, but for chance, the ring's mean and covariance."""
    rng = np.random.default_rng(1)
    every_other = ring.centres()[::2][rng.integers(ring.MODES // 2, size=SAMPLES)]
    return {
        "other points of the ring": ring.points(SAMPLES, seed=2),
        "one Gaussian": np.sqrt(RING_COVARIANCE) * rng.normal(size=(SAMPLES, 2)),
        "every other mode": every_other + ring.DEVIATION * rng.normal(size=(SAMPLES, 2)),
        "copies": training_points(),
    }


def training_points() -> np.ndarray:
    """Returns the points that the others are compared with."""
    return ring.points(SAMPLES, seed=3)


def judge(samples: np.ndarray) -> dict[str, float]:
    """Returns what metrics say of samples, their features being the points themselves."""
    real = training_points()
    precision, recall = metrics.precision_recall(real, samples)
    return {
        "Frechet": metrics.frechet_distance(real, samples),
        "precision": precision,
        "recall": recall,
        "AuthPct": metrics.authenticity(real, samples),
    }


def words(found: dict[str, float]) -> str:
    """Returns the metrics, one a line."""
    return "\n".join(f"{name:<9} {number:.3f}" for name, number in found.items())
