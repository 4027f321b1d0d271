"""Moving about in the space of latents."""

import itertools
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.special import ndtr, ndtri

from kgan.errors import InputError, unknown_name


def from_seeds(seeds: Any, size: int) -> tf.Tensor:
    """Returns N(0, 1) latents `(n, size)`; row i is a function of `seeds[i]` alone, on any machine.

    Args:
        seeds: `(n,)` integers.
        size: Of a latent.
    """
    return _from_seeds(tf.cast(seeds, tf.int64), size)


# A graph, as row by row it would take a hundred times as long; one for any number of seeds.
@tf.function(reduce_retracing=True)
def _from_seeds(seeds: tf.Tensor, size: int) -> tf.Tensor:
    return tf.map_fn(
        lambda seed: tf.random.stateless_normal((size,), tf.stack([seed, 0]), alg="philox"),
        seeds,
        fn_output_signature=tf.TensorSpec((size,), tf.float32),
    )


def truncate(latents: Any, threshold: float) -> np.ndarray:
    """Returns N(0, 1) latents as draws from the normal distribution cut off at plus and minus a threshold.

    The truncation trick (Brock et al. 2019, section 3.1): fewer outliers, so better but less varied images. Instead of
    drawing anew what lies outside, each number keeps its rank, z' = F⁻¹(F(-t) + F(z) (F(t) - F(-t))) with F the normal
    distribution function: an image changes little by little as the threshold falls.

    Args:
        latents: Of any shape.
        threshold: t, above 0; 2 changes little, 0.5 much.

    Raises:
        InputError: If the threshold is not above 0.
    """
    if not threshold > 0:
        raise InputError(f"a truncation's threshold must be above 0, such as 1; got {threshold}.")
    low, high = ndtr(-threshold), ndtr(threshold)
    return ndtri(low + ndtr(np.asarray(latents, np.float64)) * (high - low)).astype(np.float32)


def lerp(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Interpolates along the straight line: (1 - t) start + t end.

    Args:
        start: `(latent_dim,)`.
        end: `(latent_dim,)`.
        steps: How many points, both ends among them, at least 2.

    Returns:
        `(steps, latent_dim)`.
    """
    t = _parts(steps)
    return ((1 - t) * start + t * end).astype(start.dtype)


def slerp(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Interpolates along the great circle (Shoemake 1985; White 2016 for latents of GANs).

    Between two N(0, I) latents the straight line passes through the middle of the ball, where the generator was hardly
    ever trained; the arc keeps the lengths that it knows. With w the angle between the two:
    sin((1 - t) w) / sin(w) start + sin(t w) / sin(w) end; the straight line where they are parallel.

    Args:
        start: `(latent_dim,)`.
        end: `(latent_dim,)`.
        steps: How many points, both ends among them, at least 2.

    Returns:
        `(steps, latent_dim)`.
    """
    t = _parts(steps)
    cosine = np.dot(start, end) / (np.linalg.norm(start) * np.linalg.norm(end))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-6:
        return lerp(start, end, steps)
    return ((np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)).astype(start.dtype)


def walk(stops: np.ndarray, noise: int, steps: int, path: str = "spherical") -> np.ndarray:
    """Returns the latents of a walk from each stop to the next, `steps` points a leg.

    Args:
        stops: `(n, latent_dim)`, n at least 2.
        noise: How many of the first columns are noise; others, such as conditions or codes, go in a straight line.
        steps: Points on each leg, both ends among them.
        path: Of the noise, `"spherical"` or `"linear"`.

    Returns:
        `((n - 1) * steps, latent_dim)`.

    Raises:
        InputError: If there is no such path, or there are fewer than 2 steps.
    """
    if path not in PATHS:
        raise unknown_name("path", path, PATHS)
    return np.concatenate(
        [
            np.concatenate([PATHS[path](a[:noise], b[:noise], steps), lerp(a[noise:], b[noise:], steps)], axis=1)
            for a, b in itertools.pairwise(stops)
        ]
    )


def _parts(steps: int) -> np.ndarray:
    if steps < 2:
        raise InputError(f"an interpolation takes at least 2 steps; got {steps}.")
    return np.linspace(0.0, 1.0, steps)[:, None]


PATHS = {"linear": lerp, "spherical": slerp}
