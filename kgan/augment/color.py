"""ADA's changes of colour: brightness, contrast, luma flip, hue and saturation."""

import math

import tensorflow as tf

from kgan.augment.draws import Draws
from kgan.errors import InputError

# Of what is added, and of the logarithms to base 2 of the two factors.
BRIGHTNESS_DEVIATION = 0.2
CONTRAST_DEVIATION = 0.5
SATURATION_DEVIATION = 1.0


def recolor(images: tf.Tensor, draws: Draws) -> tf.Tensor:
    """Adds brightness, multiplies by contrast, flips luma's sign, turns the hue, multiplies the saturation.

    None of them leads off the axis of grays, (1, 1, 1), or turns the plane across it into another: so all five together
    are one factor along the axis (luma), and one factor and one turn across it. The hue turns from red towards green.

    Raises:
        InputError: If the images are neither gray nor RGB.
    """
    channels = images.shape[-1]
    if channels not in (1, 3):
        raise InputError(f"ADA's 'color' takes images of 1 or 3 channels; got {channels}: leave it out of `policy`.")
    brightness = _per_image(draws.gate() * draws.normal(BRIGHTNESS_DEVIATION))
    contrast = tf.pow(2.0, _per_image(draws.gate() * draws.normal(CONTRAST_DEVIATION)))
    flipped = _per_image(draws.gate() * draws.integers(2))
    hue = _per_image(draws.gate() * draws.uniform(math.pi))
    saturation = tf.pow(2.0, _per_image(draws.gate() * draws.normal(SATURATION_DEVIATION)))
    along = contrast * (1.0 - 2.0 * flipped)
    if channels == 1:
        return images * along + along * brightness
    across = contrast * saturation
    return _turned(images, along, across * tf.cos(hue), across * tf.sin(hue)) + along * brightness


def _turned(images: tf.Tensor, along: tf.Tensor, across: tf.Tensor, turned: tf.Tensor) -> tf.Tensor:
    """Multiplies luma by `along`, what is left by `across`, and adds `turned` of it at a right angle about luma."""
    # Rodrigues' formula; v vᵀ is 1/3 everywhere for the unit vector v of luma. Where nothing changes, the factors are
    # 1, 0 and 0 exactly.
    mixed, swirled = (along - across) / 3.0, turned / math.sqrt(3.0)
    from_next, from_previous = tf.roll(images, -1, axis=3), tf.roll(images, 1, axis=3)
    return images * (across + mixed) + from_next * (mixed - swirled) + from_previous * (mixed + swirled)


def _per_image(values: tf.Tensor) -> tf.Tensor:
    return tf.reshape(values, (-1, 1, 1, 1))
