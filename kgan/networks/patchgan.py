"""The critic of pix2pix and CycleGAN: one logit for every patch of a picture (Isola et al. 2017, section 3.2.2)."""

from typing import Any

import keras
from keras import layers

from kgan.errors import InputError, unknown_name
from kgan.networks import pyramid
from kgan.networks.blocks import EPSILON, convolution
from kgan.norms import BatchNormalizationAtTest

# Convolutions of stride 2, by the side of the patch that a logit sees.
HALVINGS = {"pixel": 0, "16": 1, "34": 2, "70": 3, "142": 4, "286": 5}
NORMS = ("instance", "batch", "none")


def discriminator(
    image_shape: tuple[int | None, int | None, int] = (256, 256, 3),
    condition_channels: int | None = None,
    width: int = 64,
    receptive_field: int | str = 70,
    norm: str = "instance",
    name: str = "discriminator",
) -> keras.Model:
    """Returns a critic of images in [-1, 1], to a map of logits `(n, rows, columns, 1)` in float32.

    Every logit judges a square patch, 70 x 70 pixels by default, of which a 256-pixel picture has 30 x 30. Channels are
    `width` at first, twice as many at each halving, 8 `width` at most.

    The 70 x 70 critic of 6 input channels and BatchNorm has the 2,768,705 parameters of the authors' code; with
    instance norm 2,767,809, biases in the place of scales and shifts, and 2,764,737 for 3 channels, CycleGAN's.

    Args:
        image_shape: `(height, width, channels)` of the images judged; None for a size that is open. The image pool of
            `kgan.CycleGAN` goes by these.
        condition_channels: If not None, the critic takes `[condition, image]`, two pictures of one size, and sees them
            one behind the other, as `kgan.Pix2Pix` needs it; so many channels has the condition.
        width: Channels of the first feature map; 64 is the papers'.
        receptive_field: Side of the patch: 16, 34, 70, 142, 286, or `"pixel"`, the paper's 1 x 1.
        norm: `"instance"`, without scale and shift, as in CycleGAN. `"batch"`, as in pix2pix, always by the statistics
            of the batch; at inference each image is a batch of its own. `"none"`, which gradient penalties want. The
            first convolution has none. Strictly, a logit sees more than its patch through an instance's statistics.
        name: Of the model.

    Raises:
        InputError: If an option is not one of those above, or the images are too small for the patch.
    """
    if norm not in NORMS:
        raise unknown_name("norm", norm, NORMS)
    halvings = _halvings(receptive_field)
    _check_size(image_shape, halvings, receptive_field)
    x = images = keras.Input(image_shape, name="images")
    inputs: Any = images
    if condition_channels is not None:
        condition = keras.Input((*image_shape[:2], condition_channels), name="condition")
        inputs, x = [condition, images], layers.Concatenate()([condition, images])
    first, *others = pyramid.widths(width, 8 * width, halvings + 1 if halvings else 2)
    bias = norm != "batch"
    if not halvings:
        x = _activate(convolution(first, 1)(x))
        x = _activate(convolution(others[0], 1, use_bias=bias)(x), norm)
        return keras.Model(inputs, convolution(1, 1, dtype="float32")(x), name=name)
    x = _activate(convolution(first, 4, strides=2)(x))
    for channels in others[:-1]:
        x = _activate(convolution(channels, 4, strides=2, use_bias=bias)(x), norm)
    # One pixel of padding, as in the authors' code; Keras's `same` would have two on the far sides.
    x = convolution(others[-1], 4, padding="valid", use_bias=bias)(layers.ZeroPadding2D(1)(x))
    x = layers.ZeroPadding2D(1)(_activate(x, norm))
    return keras.Model(inputs, convolution(1, 4, padding="valid", dtype="float32")(x), name=name)


def _halvings(receptive_field: int | str) -> int:
    if str(receptive_field) not in HALVINGS:
        raise unknown_name("receptive field", str(receptive_field), HALVINGS)
    return HALVINGS[str(receptive_field)]


def _check_size(image_shape: tuple[int | None, int | None, int], halvings: int, receptive_field: int | str) -> None:
    if len(image_shape) != 3:
        raise InputError(f"image_shape must be (height, width, channels); got {tuple(image_shape)}.")
    # The last two convolutions take a pixel each, and leave one.
    least = 3 * 2**halvings if halvings else 1
    sides = [side for side in image_shape[:2] if side is not None]
    if sides and min(sides) < least:
        raise InputError(
            f"a critic of patches of {receptive_field} pixels needs images of at least {least}; got {sides}. "
            "A smaller receptive_field will do."
        )


def _activate(x: Any, norm: str = "none") -> Any:
    if norm == "instance":
        # Keras's own, which a gradient penalty can differentiate twice.
        x = layers.GroupNormalization(groups=-1, epsilon=EPSILON, center=False, scale=False)(x)
    elif norm == "batch":
        x = BatchNormalizationAtTest(EPSILON)(x)
    return layers.LeakyReLU(negative_slope=0.2)(x)
