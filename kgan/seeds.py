"""Numbers that are functions of seeds, one for each row, on any machine."""

from typing import Any

import tensorflow as tf


# A graph, as row by row it would take a hundred times as long; one for any number of seeds.
@tf.function(reduce_retracing=True)
def uniform_from_seeds(seeds: Any, count: int, kind: int) -> tf.Tensor:
    """Returns numbers of U(0, 1), `(n, count)`; row i is a function of `seeds[i]` alone.

    Args:
        seeds: `(n,)` int64.
        count: Of the numbers in a row.
        kind: What they are drawn for; keeps them apart from what else is drawn from the same seeds.
    """
    return tf.map_fn(
        lambda seed: tf.random.stateless_uniform((count,), tf.stack([seed, kind]), alg="philox"),
        seeds,
        fn_output_signature=tf.TensorSpec((count,), tf.float32),
    )
