"""The normalizations of networks that translate images: by the statistics at hand, in training and at test."""

from typing import Any

import keras
import tensorflow as tf

# So many images are normalised one by one, by TensorFlow's fused kernel: half the time of moments on two CPU cores.
FEW = 4


@keras.saving.register_keras_serializable(package="kgan")
class InstanceNormalization(keras.layers.Layer):
    """Instance norm without scale and shift (Ulyanov et al. 2016): (x - mean) / sqrt(variance + epsilon).

    Mean and variance are those of one image's one channel, in training and at inference, in float32. It is Keras's
    `GroupNormalization(groups=-1, center=False, scale=False)` made quick for small batches, at a price: there
    TensorFlow has no second derivative of it. It is for generators; a critic, whose gradient a penalty may look at,
    takes Keras's.

    Args:
        epsilon: 1e-5 in PyTorch, which the papers' code is for; Keras's norms have 1e-3.
        **kwargs: Of keras.layers.Layer.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the normalised maps `(n, h, w, c)`."""
        count = inputs.shape[0]
        if count is None or not 0 < count <= FEW:
            return _normalize(inputs, [1, 2], self.epsilon)
        unit, zero = tf.ones(inputs.shape[-1]), tf.zeros(inputs.shape[-1])
        fused = tf.compat.v1.nn.fused_batch_norm
        each = [fused(image, unit, zero, epsilon=self.epsilon)[0] for image in tf.split(inputs, count)]
        return tf.concat(each, axis=0)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="kgan")
class BatchNormalizationAtTest(keras.layers.Layer):
    """BatchNorm by the statistics of the batch at test too (Isola et al. 2017, section 3.3): there are no moving ones.

    In training a channel's mean and variance are those of the whole batch. At inference every image is a batch of its
    own, the paper's size at test, so that an answer does not depend on who else asks. Scale starts as N(1, 0.02^2) and
    shift as 0, as in the authors' code.

    Args:
        epsilon: Added to the variance.
        **kwargs: Of keras.layers.Layer.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Makes scale and shift."""
        shape = (input_shape[-1],)
        scale = keras.initializers.RandomNormal(1.0, 0.02)
        self.gamma = self.add_weight(name="gamma", shape=shape, initializer=scale)
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros")

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns the normalised maps `(n, h, w, c)`."""
        return _normalize(inputs, [0, 1, 2] if training else [1, 2], self.epsilon) * self.gamma + self.beta

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}


def _normalize(maps: tf.Tensor, axes: list[int], epsilon: float) -> tf.Tensor:
    # 16 bits are too few for the sums over a large map.
    wide = tf.cast(maps, tf.float32)
    mean, variance = tf.nn.moments(wide, axes=axes, keepdims=True)
    return tf.cast((wide - mean) * tf.math.rsqrt(variance + epsilon), maps.dtype)
