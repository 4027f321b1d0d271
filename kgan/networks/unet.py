"""pix2pix's generator: an encoder and a decoder, joined at every size (Isola et al. 2017, section 3.2 and appendix)."""

from typing import Any

import keras
from keras import layers

from kgan.errors import InputError, unknown_name
from kgan.layers import CropLike, DropoutAtTest, PadToMultiple
from kgan.networks import pyramid
from kgan.networks.blocks import EPSILON, convolution, doubling
from kgan.norms import BatchNormalizationAtTest, InstanceNormalization

NORMS = ("instance", "batch")
LEAST_SIDE = 16
MOST_HALVINGS = 9


def generator(
    image_shape: tuple[int, int, int] = (256, 256, 3),
    channels: int = 3,
    width: int = 64,
    norm: str = "instance",
    dropout: float = 0.5,
    name: str = "generator",
) -> keras.Model:
    """Returns a network from images `(n, h, w, image_shape[2])` to images `(n, h, w, channels)` in [-1, 1].

    It halves the picture to a single pixel: eight times for 256, nine at most. Kernels are 4x4, of stride 2; channels
    are `width` at half the picture's size, twice as many at each halving, 8 `width` at most. The decoder's blocks next
    to the innermost one have dropout: three at 256 pixels as in the authors' PyTorch code, as many fewer or more as
    there are fewer or more halvings, one at least.

    Images of any size pass: they are mirrored up to the next multiple of what is halved, and cut back. So with powers
    of two nothing is wasted, and 300 pixels cost as much as 512.

    With the paper's sizes and `norm="batch"` it has the 54,413,955 parameters of the authors' U-Net-256, and with
    `norm="instance"` 54,409,603: no scales and shifts (9,856 fewer), but biases, as theirs (5,504 more).

    Args:
        image_shape: Of the images trained on, `(height, width, channels)`: how often the shorter side can be halved is
            how deep the network is. At least 16 pixels; 64 to 512 are usual.
        channels: Of the images made.
        width: Channels of the largest feature map; 64 is the paper's.
        norm: `"instance"`: each image by its own statistics, so that a test is as the training was; dropout, the noise,
            acts in training alone. `"batch"`: as in the paper, BatchNorm by the batch's own statistics and dropout, at
            test too; see `kgan.norms.BatchNormalizationAtTest` and `kgan.layers.DropoutAtTest`.
        dropout: Its rate.
        name: Of the model.

    Raises:
        InputError: If the size or an option is not one of those above.
    """
    if norm not in NORMS:
        raise unknown_name("norm", norm, NORMS)
    if not 0.0 <= dropout < 1.0:
        raise InputError(f"dropout is a share and must lie in [0, 1); got {dropout}.")
    depth = halvings(image_shape)
    widths = pyramid.widths(width, 8 * width, depth)
    bias = norm == "instance"

    images = keras.Input((None, None, image_shape[2]), name="images")
    x = PadToMultiple(2**depth)(images)
    skips: list[Any] = []
    for level, count in enumerate(widths):
        x = layers.LeakyReLU(negative_slope=0.2)(x) if level else x
        skips.append(x)
        x = convolution(count, 4, strides=2, use_bias=bias)(x)
        # Not the outermost; and a single pixel would be normalised to 0.
        x = _normalise(x, norm) if 0 < level < depth - 1 else x
    noisy = range(depth - 2, depth - 2 - max(depth - 5, 1), -1)
    for level in reversed(range(1, depth)):
        x = _normalise(doubling(widths[level - 1], 4, use_bias=bias)(layers.ReLU()(x)), norm)
        if level in noisy and dropout:
            x = DropoutAtTest(dropout, seed=level)(x) if norm == "batch" else layers.Dropout(dropout)(x)
        x = layers.Concatenate()([skips[level], x])
    # float32 at the picture, whatever the precision of the rest.
    x = doubling(channels, 4, dtype="float32")(layers.ReLU()(x))
    x = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(images, CropLike(dtype="float32")([x, images]), name=name)


def halvings(image_shape: tuple[int, int, int]) -> int:
    """Returns how often the shorter side of a picture can be halved, whole pixels left; 9 at most.

    Raises:
        InputError: If it is no picture, or below 16 pixels.
    """
    if len(image_shape) != 3 or min(image_shape[:2]) < LEAST_SIDE or image_shape[2] < 1:
        raise InputError(
            f"a U-Net is for images (height, width, channels) of at least {LEAST_SIDE} pixels a side; "
            f"got {tuple(image_shape)}."
        )
    return min(int(min(image_shape[:2])).bit_length() - 1, MOST_HALVINGS)


def _normalise(x: Any, norm: str) -> Any:
    return (BatchNormalizationAtTest if norm == "batch" else InstanceNormalization)(epsilon=EPSILON)(x)
