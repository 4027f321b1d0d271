"""The named, weighted scalars that a player minimises, and their means over an epoch."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from kgan.workers import is_multi_worker

Terms = dict[str, tf.Tensor]


def as_float32(terms: Mapping[str, tf.Tensor]) -> Terms:
    """Returns the terms in float32, in which they are summed, scaled and logged whatever the networks compute in."""
    return {name: tf.cast(value, "float32") for name, value in terms.items()}


class TermMeans:
    """Epoch means of terms, one Keras Mean each, made when a name is first met.

    Raw tensors returned from a train_step would log the last batch alone. Kept out of Keras's tracking because a mean
    belongs to an epoch, not to a model: it is never saved.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, keras.metrics.Mean] = {}

    def update(self, terms: Terms) -> None:
        """Adds one observation of each term."""
        for name, value in terms.items():
            if name not in self.by_name:
                with tf.init_scope():
                    self.by_name[name] = keras.metrics.Mean(name=name)
            self.by_name[name].update_state(value)

    def results(self) -> Terms:
        """Returns the mean of each term since the last reset."""
        # Keras averages the logs of several workers along an axis, and scalars have none.
        shape = (1,) if is_multi_worker(tf.distribute.get_strategy()) else ()
        return {name: tf.reshape(mean.result(), shape) for name, mean in self.by_name.items()}
