"""Conditions: what an image is asked to be, as rows of one-hot groups, such as a class, or a hair and an eye colour."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kgan.errors import InputError
from kgan.seeds import uniform_from_seeds

# Keeps the draws of conditions apart from the latents drawn from the same seeds.
CONDITIONS = 0x636F6E64


# The combinations of the groups' values that occur, `(m, groups)` integers, and how often, `(m,)` numbers.
Prior = tuple[Sequence[Sequence[int]], Sequence[float]]


def occurring(*values: Any) -> Prior:
    """Returns the prior that a training set has, of the groups' values, `(n,)` integers each."""
    combinations, counts = np.unique(np.stack(values, axis=1), axis=0, return_counts=True)
    return combinations.tolist(), counts.astype(float).tolist()


class Groups:
    """A condition's groups: each names one of several values, one-hot; a row `(columns,)` is all of them in a line.

    Args:
        sizes: How many values each group has, at least 2: `(10,)` for the digits, `(12, 11)` for hair and eyes,
            `(2,) * 40` for forty yes-or-no attributes.
        prior: The combinations of values that occur, and how often, such as `occurring` counts them; None for all
            values alike, each group for itself.

    Raises:
        InputError: If sizes or prior are not as above.
    """

    def __init__(self, sizes: Sequence[int], prior: Prior | None = None):
        self.sizes = tuple(int(size) for size in sizes)
        if not self.sizes or min(self.sizes) < 2:
            raise InputError(f"groups must have at least 2 values each, such as (10,); got {tuple(sizes)}.")
        self.columns = sum(self.sizes)
        self._marginals: list[np.ndarray] = [np.full(size, 1.0 / size) for size in self.sizes]
        self._combinations: tf.Tensor | None = None
        if prior is not None:
            self._count(*prior)

    def _count(self, combinations: Any, weights: Any) -> None:
        array, given = np.asarray(combinations), np.asarray(weights, np.float64)
        whole = array.dtype.kind in "iu" and array.ndim == 2 and array.shape[1] == len(self.sizes) and len(array)
        if not whole or (array < 0).any() or (array >= self.sizes).any():
            raise InputError(f"prior: its combinations must be rows of {len(self.sizes)} values below {self.sizes}.")
        if given.shape != array.shape[:1] or not np.isfinite(given).all() or given.min() < 0 or not given.sum() > 0:
            raise InputError(f"prior: {len(array)} combinations need as many weights of at least 0, not all 0.")
        share = given / given.sum()
        self._marginals = [np.bincount(array[:, index], share, minlength=size) for index, size in enumerate(self.sizes)]
        self._combinations = tf.constant(array, tf.int32)
        self._edges = tf.constant(np.cumsum(share)[:-1], tf.float32)

    def split(self, conditions: Any) -> list[tf.Tensor]:
        """Returns the groups' columns of conditions `(n, columns)`: `(n, size)` each."""
        return tf.split(conditions, self.sizes, axis=1)

    def from_seeds(self, seeds: tf.Tensor) -> tf.Tensor:
        """Returns conditions `(n, columns)` drawn from the prior; row i is a function of `seeds[i]` alone.

        Args:
            seeds: `(n,)` integers.
        """
        if self._combinations is None:
            uniform = uniform_from_seeds(tf.cast(seeds, tf.int64), len(self.sizes), CONDITIONS)
            values = tf.minimum(tf.cast(uniform * self.sizes, tf.int32), tf.constant(self.sizes) - 1)
        else:
            uniform = uniform_from_seeds(tf.cast(seeds, tf.int64), 1, CONDITIONS)[:, 0]
            values = tf.gather(self._combinations, tf.searchsorted(self._edges, uniform, side="right"))
        return tf.concat([tf.one_hot(values[:, index], size) for index, size in enumerate(self.sizes)], axis=1)

    def complete(self, conditions: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        """Returns the conditions, groups that say nothing (all zeros) drawn by the seeds.

        Args:
            conditions: `(n, columns)`.
            seeds: `(n,)` integers.
        """
        drawn = self.split(self.from_seeds(seeds))
        given = self.split(conditions)
        said = [tf.reduce_any(group > 0.0, axis=1, keepdims=True) for group in given]
        return tf.concat([tf.where(known, a, b) for known, a, b in zip(said, given, drawn, strict=True)], axis=1)

    def wrong(self, conditions: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Returns conditions that each differ from the given ones in one group: never the right ones.

        The group is drawn, each as likely, and its other value as often as it occurs; else a critic could tell the
        wrong ones by the rare words in them.

        Args:
            conditions: `(n, columns)`, one-hot in each group.
            seed: `(2,)` int64.
        """
        count = tf.shape(conditions)[0]
        uniform = tf.random.stateless_uniform((2, count), seed, alg="philox")
        chosen = tf.cast(uniform[0] * len(self.sizes), tf.int32)
        changed = []
        for index, (marginal, group) in enumerate(zip(self._marginals, self.split(conditions), strict=True)):
            other = _drawn_beside(group, marginal, uniform[1])
            changed.append(tf.where((chosen == index)[:, None], other, group))
        return tf.concat(changed, axis=1)

    def one_hot(self, *values: Any) -> tf.Tensor:
        """Returns conditions `(n, columns)` of the groups' values, `(n,)` integers each.

        Raises:
            InputError: If there are not as many groups, or a value is out of range.
        """
        if len(values) != len(self.sizes):
            raise InputError(f"a condition has {len(self.sizes)} groups; got values for {len(values)}.")
        for size, given in zip(self.sizes, values, strict=True):
            outside = [value for value in np.atleast_1d(given).tolist() if not 0 <= value < size]
            if outside:
                raise InputError(f"label {outside[0]} is out of range: this model knows 0 to {size - 1}.")
        columns = [tf.one_hot(np.atleast_1d(v), s) for s, v in zip(self.sizes, values, strict=True)]
        return tf.concat(columns, axis=1)


def _drawn_beside(group: tf.Tensor, marginal: np.ndarray, uniform: tf.Tensor) -> tf.Tensor:
    """Returns one-hot values `(n, size)` that are not those of the group, drawn by numbers of U(0, 1) `(n,)`."""
    # Not quite 0 for a value that never occurs, lest none be left to draw.
    weights = (tf.constant(marginal, tf.float32) + 1e-6) * (1.0 - tf.cast(group, tf.float32))
    edges = tf.cumsum(weights, axis=1)
    passed = uniform[:, None] * edges[:, -1:] >= edges
    return tf.one_hot(tf.reduce_sum(tf.cast(passed, tf.int32), axis=1), len(marginal), dtype=group.dtype)
