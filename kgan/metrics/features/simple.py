"""`pixels` and `random-conv`: features that need no training, for images of any kind."""

import math

import numpy as np
import tensorflow as tf

from kgan.metrics.features.digests import digest_of_arrays
from kgan.metrics.features.extractor import Extractor
from kgan.pixels import from_uint8

SIZE = (64, 64)
WIDTHS = (32, 32, 64, 128)
KERNEL_SIZE = 3
SLOPE = 0.2
SEED = 0


def open_pixels() -> Extractor:
    """Returns the extractor whose features are the pixels themselves, in [0, 1], row by row."""

    def network(images: tf.Tensor) -> tuple[tf.Tensor, None]:
        return tf.reshape(images / 255.0, (-1, math.prod(images.shape[1:]))), None

    return Extractor("pixels", digest_of_arrays("pixels in [0, 1], flattened 1", {}), network, num_features=None)


def open_random_conv() -> Extractor:
    """Returns the extractor by an untrained convolutional network, whose weights are the same on every machine.

    Untrained features tell images apart without favouring what ImageNet shows (Naeem et al. 2020, "Reliable Fidelity
    and Diversity Metrics for Generative Models", section 4.3). Images, resized to 64x64 and gray ones repeated, pass
    four 3x3 convolutions of stride 2 with a leaky ReLU of slope 0.2; the mean and the standard deviation over the
    places of each of their 32 + 32 + 64 + 128 channels are the 512 features.
    """
    kernels = random_kernels()
    digest = digest_of_arrays("random-conv 1", {f"kernel{index}": kernel for index, kernel in enumerate(kernels)})
    tensors = [tf.constant(kernel) for kernel in kernels]

    def network(images: tf.Tensor) -> tuple[tf.Tensor, None]:
        x, features = from_uint8(images), []
        for kernel in tensors:
            x = tf.nn.leaky_relu(tf.nn.conv2d(x, kernel, strides=2, padding="SAME"), SLOPE)
            mean, variance = tf.nn.moments(x, axes=(1, 2))
            features += [mean, tf.sqrt(variance)]
        return tf.concat(features, axis=1), None

    return Extractor("random-conv", digest, network, num_features=2 * sum(WIDTHS), size=SIZE, channels=3)


def random_kernels(seed: int = SEED) -> list[np.ndarray]:
    """Returns the kernels, float32 `(3, 3, channels in, channels out)`, of He's uniform initialisation.

    U(-b, b), b = sqrt(6 / fan_in). They are made from Philox's raw bits, which NumPy promises never to change, by
    exact arithmetic: the draws of `np.random.Generator` may change with NumPy's version.
    """
    bits, kernels = np.random.Philox(key=seed), []
    for channels_in, channels_out in zip((3, *WIDTHS), WIDTHS, strict=False):
        shape = (KERNEL_SIZE, KERNEL_SIZE, channels_in, channels_out)
        # The highest 24 of 64 bits: a float32 holds them exactly.
        uniform = (bits.random_raw(math.prod(shape)) >> np.uint64(40)).astype(np.float64) / 2**23 - 1.0
        bound = math.sqrt(6.0 / math.prod(shape[:3]))
        kernels.append((bound * uniform).astype(np.float32).reshape(shape))
    return kernels
