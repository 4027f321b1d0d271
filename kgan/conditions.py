"""Conditions: what an image is asked to be, as rows of one-hot groups, such as a class, or a hair and an eye colour."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kgan.errors import InputError

# Keeps the draws of conditions apart from the latents drawn from the same seeds.
CONDITIONS = 0x636F6E64


class Groups:
    """A condition's groups: each names one of several values, one-hot; a row `(columns,)` is all of them in a line.

    Args:
        sizes: How many values each group has, at least 2: `(10,)` for the digits, `(12, 11)` for hair and eyes.
        prior: How likely the conditions are, `prod(sizes)` numbers of at least 0 in C order of `sizes`, such as the
            counts in the training set; None for all alike.

    Raises:
        InputError: If sizes or prior are not as above.
    """

    def __init__(self, sizes: Sequence[int], prior: Any = None):
        self.sizes = tuple(int(size) for size in sizes)
        if not self.sizes or min(self.sizes) < 2:
            raise InputError(f"groups must have at least 2 values each, such as (10,); got {tuple(sizes)}.")
        self.columns = sum(self.sizes)
        self.count = math.prod(self.sizes)
        weights = np.ones(self.count) if prior is None else np.asarray(prior, np.float64).ravel()
        if len(weights) != self.count or not np.isfinite(weights).all() or weights.min() < 0 or not weights.sum() > 0:
            raise InputError(
                f"prior must be {self.count} numbers of at least 0, not all 0, one for each combination of groups "
                f"{self.sizes}; got {len(weights)}."
            )
        self._edges = tf.constant(np.cumsum(weights / weights.sum())[:-1], tf.float32)

    def split(self, conditions: Any) -> list[tf.Tensor]:
        """Returns the groups' columns of conditions `(n, columns)`: `(n, size)` each."""
        return tf.split(conditions, self.sizes, axis=1)

    def from_seeds(self, seeds: tf.Tensor) -> tf.Tensor:
        """Returns conditions `(n, columns)` drawn from the prior; row i is a function of `seeds[i]` alone.

        Args:
            seeds: `(n,)` integers.
        """
        return self._rows(tf.searchsorted(self._edges, uniform_from_seeds(seeds), side="right"))

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
        """Returns conditions that each differ from the given ones in one group, both drawn alike: never the right ones.

        Args:
            conditions: `(n, columns)`, one-hot in each group.
            seed: `(2,)` int64.
        """
        count = tf.shape(conditions)[0]
        uniform = tf.random.stateless_uniform((2, count), seed, alg="philox")
        chosen = tf.cast(uniform[0] * len(self.sizes), tf.int32)
        changed = []
        for index, (size, group) in enumerate(zip(self.sizes, self.split(conditions), strict=True)):
            shift = 1 + tf.cast(uniform[1] * (size - 1), tf.int64)
            other = tf.one_hot((tf.argmax(group, axis=1) + shift) % size, size, dtype=group.dtype)
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

    def _rows(self, combinations: tf.Tensor) -> tf.Tensor:
        values = tf.unravel_index(combinations, self.sizes)
        return tf.concat([tf.one_hot(values[index], size) for index, size in enumerate(self.sizes)], axis=1)


def uniform_from_seeds(seeds: tf.Tensor) -> tf.Tensor:
    """Returns numbers of U(0, 1) `(n,)`; number i is a function of `seeds[i]` alone, on any machine."""
    return tf.map_fn(
        lambda seed: tf.random.stateless_uniform((), tf.stack([seed, CONDITIONS]), alg="philox"),
        tf.cast(seeds, tf.int64),
        fn_output_signature=tf.TensorSpec((), tf.float32),
    )
