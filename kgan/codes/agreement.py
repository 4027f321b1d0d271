"""How much two readings of the same images share, where no label says what they should be."""

from typing import Any

import tensorflow as tf

# Keeps the logarithm of two readings that rule each other out finite.
TINY = 1e-6


def agreement(first: Any, second: Any, balance: float = 1.0) -> tf.Tensor:
    """Returns how well the value read in one distortion of an image tells which other distortion is of the same image.

        mean_i [ log(p_i . q_i) - balance log(mean_j p_i . q_j) ]

    With balance 1 this is InfoNCE (van den Oord et al. 2018, equation 4, with the readings' inner product as its
    critic), a lower bound on the mutual information of the two readings; at most ln(number of values), where every
    image has one value in both, and all values come up as often. Above 1 the second, how evenly the values are used,
    counts more than the bound would have it, as in IMSAT (Hu et al. 2017, section 3.1) and in IIC's code (Ji et al.
    2019, whose λ weights the marginal entropies): else two kinds of images soon share a value for good.

    Args:
        first: p, probabilities of the values in one distortion of each image, `(n, values)`.
        second: q, those in another, likewise.
        balance: What evenness counts.
    """
    similar = tf.matmul(first, second, transpose_b=True)
    same, all_ = tf.linalg.diag_part(similar), tf.reduce_mean(similar, axis=1)
    return tf.reduce_mean(tf.math.log(same + TINY) - balance * tf.math.log(all_ + TINY))
