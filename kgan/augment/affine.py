"""Affine maps of the plane, one for each image, as matrices in homogeneous coordinates."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def matrices(rows: Sequence[Sequence[Any]]) -> tf.Tensor:
    """Returns matrices `(n, 3, 3)` of entries that are numbers or `(n,)` tensors, at least one of them a tensor."""
    entries = [entry for row in rows for entry in row]
    shape = tf.shape(next(entry for entry in entries if tf.is_tensor(entry)))
    constants = {entry: tf.fill(shape, float(entry)) for entry in entries if not tf.is_tensor(entry)}
    filled = [entry if tf.is_tensor(entry) else constants[entry] for entry in entries]
    return tf.reshape(tf.stack(filled, axis=1), (-1, 3, 3))


def compose(first: tf.Tensor, *others: tf.Tensor) -> tf.Tensor:
    """Returns the product of matrices `(n, 3, 3)`, from left to right."""
    for other in others:
        # No matmul: a GPU would round its factors to TensorFloat-32, and so a shift by a hundredth of a pixel.
        first = tf.reduce_sum(tf.expand_dims(first, 3) * tf.expand_dims(other, 1), axis=2)
    return first
