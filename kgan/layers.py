"""Layers that Keras lacks."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="kgan")
class Clip(keras.layers.Layer):
    """Clips to [-1, 1], the range of images, and never gets stuck there.

    Backwards it projects: the gradient passes, except at a value beyond an end that it would push farther out. That is
    the projected gradient of optimisation within a box. After tanh, the usual end of a generator, hardly any gradient
    is left once pixels are all black or white; where most of the real ones are, as in MNIST, a generator whose first
    steps make everything black may never come back (docs/measurements.md).

    Shape and type of the output are those of the input.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns min(max(inputs, -1), 1)."""
        return _clip(inputs)


@tf.custom_gradient
def _clip(inputs: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], Any]]:
    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        # Descent moves against the gradient.
        outwards = ((inputs > 1.0) & (upstream < 0.0)) | ((inputs < -1.0) & (upstream > 0.0))
        return tf.where(outwards, tf.zeros_like(upstream), upstream)

    return tf.clip_by_value(inputs, -1.0, 1.0), gradient


@keras.saving.register_keras_serializable(package="kgan")
class ReflectionPadding2D(keras.layers.Layer):
    """Pads height and width with what lies there mirrored, the border pixel not repeated: 2 1 | 0 1 2.

    Args:
        padding: Pixels on each side, less than the height and the width.
        **kwargs: Of keras.layers.Layer.

    Raises:
        tf.errors.InvalidArgumentError: When called on maps that are not larger than the padding.

    `(n, h, w, c)` becomes `(n, h + 2 padding, w + 2 padding, c)`.
    """

    def __init__(self, padding: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the padded maps."""
        if self.padding == 0:
            return inputs
        tf.debugging.assert_less(self.padding, tf.shape(inputs)[1:3], "padding must be less than height and width")
        return _reflect(inputs, self.padding)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "padding": self.padding}


def _reflect(inputs: tf.Tensor, padding: int) -> tf.Tensor:
    """Pads the middle axes; what `tf.pad` with REFLECT does, whose kernels take twice as long on a CPU."""

    @tf.custom_gradient
    def padded(inputs: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            return _folded(_folded(upstream, 1, padding), 2, padding)

        outputs = inputs
        for axis in (2, 1):
            near, far = _part(outputs, axis, 1, padding + 1), _part(outputs, axis, -padding - 1, -1)
            outputs = tf.concat([tf.reverse(near, [axis]), outputs, tf.reverse(far, [axis])], axis)
        return outputs, gradient

    return padded(inputs)


def _folded(padded: tf.Tensor, axis: int, padding: int) -> tf.Tensor:
    """Adds both margins along an axis, mirrored, to what they are mirror images of."""
    middle = _part(padded, axis, padding, -padding)
    rest = tf.shape(middle)[axis] - padding - 1
    near, far = (
        tf.pad(tf.reverse(margin, [axis]), [where if i == axis else [0, 0] for i in range(4)])
        for margin, where in (
            (_part(padded, axis, 0, padding), [1, rest]),
            (_part(padded, axis, -padding, None), [rest, 1]),
        )
    )
    return tf.add_n([middle, near, far])


def _part(maps: tf.Tensor, axis: int, start: int, stop: int | None) -> tf.Tensor:
    return maps[(slice(None),) * axis + (slice(start, stop),)]


@keras.saving.register_keras_serializable(package="kgan")
class PadToMultiple(keras.layers.Layer):
    """Grows height and width, alike on both sides, to the next size that a network can halve; `CropLike` undoes it.

    What is added is mirrored as often as it takes, so that any size will do, one pixel too. Images whose size fits
    pass as they are.

    Args:
        multiple: What height and width become a multiple of.
        least: Smallest height and width, a multiple of `multiple`.
        **kwargs: Of keras.layers.Layer.
    """

    def __init__(self, multiple: int, least: int = 1, **kwargs: Any):
        super().__init__(**kwargs)
        self.multiple = multiple
        self.least = least

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the maps, grown."""
        for axis in (1, 2):
            size = inputs.shape[axis]
            # In training the size is known; gathering would cost a scattering gradient.
            if size is None or size % self.multiple or size < self.least:
                inputs = self._grow(inputs, axis)
        return inputs

    def _grow(self, inputs: tf.Tensor, axis: int) -> tf.Tensor:
        size = tf.shape(inputs)[axis]
        grown = tf.maximum((size + self.multiple - 1) // self.multiple * self.multiple, self.least)
        # There and back again without the ends; the one place of a single pixel is all there is.
        period = tf.maximum(2 * size - 2, 1)
        # Congruent to range - shift, but never negative: converters to ONNX divide integers towards 0.
        shift = (grown - size) // 2
        place = tf.math.floormod(tf.range(grown) + shift * (period - 1), period)
        return tf.gather(inputs, tf.minimum(place, period - place), axis=axis)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "multiple": self.multiple, "least": self.least}


@keras.saving.register_keras_serializable(package="kgan")
class CropLike(keras.layers.Layer):
    """Cuts the middle out of the first of two maps, of the second's height and width."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Returns what is left of the first map."""
        maps, like = inputs
        if None not in maps.shape[1:3] and maps.shape[1:3] == like.shape[1:3]:
            return maps
        height, width = tf.unstack(tf.shape(like)[1:3])
        top, left = tf.unstack((tf.shape(maps)[1:3] - tf.shape(like)[1:3]) // 2)
        return maps[:, top : top + height, left : left + width]


@keras.saving.register_keras_serializable(package="kgan")
class DropoutAtTest(keras.layers.Dropout):
    """Dropout that acts at inference too, as pix2pix's only noise (Isola et al. 2017, sections 3.1 and 3.3).

    There it is one draw, the same for all images of a size: an answer is a function of its image alone, today, after a
    reload and on a server. In training it is Keras's Dropout.

    Args:
        rate: Share of activations dropped; the others are divided by 1 - rate.
        seed: Of the draws; layers that are not to drop alike need different ones.
        **kwargs: Of keras.layers.Layer.
    """

    def __init__(self, rate: float, seed: int, **kwargs: Any):
        # Keras would otherwise draw a seed, and another one after a reload.
        super().__init__(rate, seed=seed, **kwargs)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns the activations, a share of them 0."""
        if training:
            return super().call(inputs, training=True)
        draws = tf.random.stateless_uniform(tf.shape(inputs)[1:], [self.seed, 0], alg="philox")
        return inputs * tf.cast(draws >= self.rate, inputs.dtype) / (1.0 - self.rate)
