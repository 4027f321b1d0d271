"""Moving about in the space of latents."""

import itertools
from typing import Any

import numpy as np
import tensorflow as tf

from kgan.errors import InputError


@tf.function
def from_seeds(seeds: tf.Tensor, size: int) -> tf.Tensor:
    """Returns N(0, 1) latents `(n, size)`; row i is a function of `seeds[i]` alone, on any machine.

    A graph, as row by row it would take a hundred times as long.

    Args:
        seeds: `(n,)` integers.
        size: Of a latent.
    """
    return tf.map_fn(
        lambda seed: tf.random.stateless_normal((size,), tf.stack([seed, 0]), alg="philox"),
        tf.cast(seeds, tf.int64),
        fn_output_signature=tf.TensorSpec((size,), tf.float32),
    )


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
    if steps < 2:
        raise InputError(f"an interpolation takes at least 2 steps; got {steps}.")
    t = np.linspace(0.0, 1.0, steps)[:, None]
    cosine = np.dot(start, end) / (np.linalg.norm(start) * np.linalg.norm(end))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-6:
        return ((1 - t) * start + t * end).astype(start.dtype)
    return ((np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)).astype(start.dtype)


def walk(model: Any, num_images: int, seed: int, steps: int) -> np.ndarray:
    """Returns the latents of a walk from seed `seed` to the next, and on, `steps` points a leg.

    Args:
        model: A model with `latents(seeds)`, such as `kgan.GAN`.
        num_images: Seeds on the way, at least 2.
        seed: The first.
        steps: Points on each leg, both ends among them.

    Returns:
        `((num_images - 1) * steps, latent_dim)`.
    """
    stops = model.latents(tf.range(seed, seed + num_images, dtype="int64")).numpy()
    return np.concatenate([slerp(start, end, steps) for start, end in itertools.pairwise(stops)])
