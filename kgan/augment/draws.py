"""The random numbers behind ADA's parameters, a function of one seed."""

import tensorflow as tf

# More than the pipeline asks for.
_UNIFORMS = 24
_NORMALS = 8


class Draws:
    """Gives out random numbers, one for each image at a time; the seed and the order of asking decide which.

    Args:
        seed: `(2,)` integers.
        num_images: n, a scalar.
        p: Probability of each change, a scalar in [0, 1].
    """

    def __init__(self, seed: tf.Tensor, num_images: tf.Tensor, p: tf.Tensor):
        seeds = tf.unstack(tf.random.split(seed, 2, alg="philox"))
        # All at once: each draw is dozens of nodes in a graph, and the time to build it is felt.
        self._uniforms = iter(
            tf.unstack(tf.random.stateless_uniform((_UNIFORMS, num_images), seeds[0], alg="philox"), _UNIFORMS)
        )
        self._normals = iter(
            tf.unstack(tf.random.stateless_normal((_NORMALS, num_images), seeds[1], alg="philox"), _NORMALS)
        )
        self.p = p

    def gate(self, p: tf.Tensor | None = None) -> tf.Tensor:
        """Returns `(n,)`: 1 with probability p, or the given one, else 0.

        Multiplied with a parameter of which 0 changes nothing it says whether the image is changed
        (Karras et al. 2020, section 2.3).
        """
        return tf.cast(next(self._uniforms) < (self.p if p is None else p), tf.float32)

    def integers(self, count: int) -> tf.Tensor:
        """Returns `(n,)` float32, drawn from 0, 1, ..., count - 1."""
        return tf.floor(next(self._uniforms) * count)

    def uniform(self, limit: float) -> tf.Tensor:
        """Returns `(n,)` float32 from U(-limit, limit)."""
        return (2.0 * next(self._uniforms) - 1.0) * limit

    def normal(self, deviation: float) -> tf.Tensor:
        """Returns `(n,)` float32 from N(0, deviation^2)."""
        return next(self._normals) * deviation
