"""The critic's gradients by its input images."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# sqrt has an infinite slope at 0 and would make NaN of a zero gradient; this moves a norm of 1 by 5e-13.
_EPSILON = 1e-12


def squared_gradient_norms(critic: Callable[[Any], Any], images: Any) -> tf.Tensor:
    """Returns ||∇D(x)||^2 for each image x, `(batch,)`, in float32 whatever the critic computes in.

    D(x) is the sum of the logits of x. A critic that does not look at its images has gradient 0.
    """
    images = tf.cast(images, tf.float32)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        # The gradient of the sum over images is each image's own gradient, as long as the critic treats them apart.
        score = tf.reduce_sum(critic(images))
    gradients = tape.gradient(score, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return tf.reduce_sum(tf.square(gradients), axis=list(range(1, gradients.shape.rank)))


def gradient_norms(critic: Callable[[Any], Any], images: Any) -> tf.Tensor:
    """Returns ||∇D(x)|| for each image x, `(batch,)`, with a gradient of its own that is finite even at 0."""
    return tf.sqrt(squared_gradient_norms(critic, images) + _EPSILON)
