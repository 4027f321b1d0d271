"""CycleGAN's generator: two halvings, residual blocks, two doublings (Johnson et al. 2016; Zhu et al. 2017)."""

from typing import Any

import keras
from keras import layers

from kgan.errors import InputError
from kgan.layers import Clip, CropLike, PadToMultiple, ReflectionPadding2D
from kgan.networks.blocks import EPSILON, convolution, doubling
from kgan.norms import InstanceNormalization


def generator(
    image_shape: tuple[int, int, int] = (256, 256, 3),
    channels: int = 3,
    width: int = 64,
    blocks: int | None = None,
    residual: bool = False,
    name: str = "generator",
) -> keras.Model:
    """Returns a network from images `(n, h, w, image_shape[2])` to images `(n, h, w, channels)` in [-1, 1].

    In the paper's notation c7s1-64, d128, d256, R256 x blocks, u128, u64, c7s1-3 with reflection padding and instance
    norm: 11,378,179 parameters with nine blocks, as in the authors' code. So biases stand before norms that take them
    out again, as there. Where a convolution halves or doubles, Keras's `same` pads the far sides and PyTorch's the near
    ones: for even sizes one network is the mirror image of the other.

    Images of any size pass: they are mirrored up to the next multiple of 4, at least 8, and cut back.

    Args:
        image_shape: Of the images trained on, `(height, width, channels)`.
        channels: Of the images made.
        width: Channels at full size, 4 `width` in the residual blocks; 64 is the paper's.
        blocks: Residual blocks; by default, as in the paper, 9 from 256 pixels on and 6 below.
        residual: Whether the network makes what is added to its input, instead of the whole picture (Shen and Liu
            2017, "Learning residual images for face attribute manipulation"); the sum is clipped to [-1, 1]. What is
            to stay need not be learnt then; what is to go has to be, exactly, and shines through until it is
            (docs/measurements.md).
        name: Of the model.

    Raises:
        InputError: If an argument makes no sense.
    """
    if len(image_shape) != 3 or min(image_shape) < 1:
        raise InputError(f"image_shape must be (height, width, channels); got {tuple(image_shape)}.")
    if blocks is None:
        blocks = 9 if min(image_shape[:2]) >= 256 else 6
    if width < 1 or blocks < 0:
        raise InputError(f"width must be at least 1 and blocks at least 0; got {width} and {blocks}.")
    if residual and channels != image_shape[2]:
        raise InputError(f"residual: images of {image_shape[2]} channels cannot be added to images of {channels}.")
    images = keras.Input((None, None, image_shape[2]), name="images")
    # 8, for a single pixel in the middle could neither be reflected nor normalised.
    padded = PadToMultiple(4, least=8)(images)
    x = _activate(convolution(width, 7, padding="valid")(ReflectionPadding2D(3)(padded)))
    for factor in (2, 4):
        x = _activate(convolution(factor * width, 3, strides=2)(x))
    for _ in range(blocks):
        x = _block(x)
    for factor in (2, 1):
        x = _activate(doubling(factor * width, 3)(x))
    # float32 at the picture, whatever the precision of the rest.
    x = convolution(channels, 7, padding="valid", dtype="float32")(ReflectionPadding2D(3)(x))
    if residual:
        x = Clip(dtype="float32")(layers.Add(dtype="float32")([x, padded]))
    else:
        x = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(images, CropLike(dtype="float32")([x, images]), name=name)


def _block(x: Any) -> Any:
    """Adds to x two convolutions of it; nothing follows the sum, as in the authors' code."""
    y = _activate(convolution(x.shape[-1], 3, padding="valid")(ReflectionPadding2D(1)(x)))
    y = convolution(x.shape[-1], 3, padding="valid")(ReflectionPadding2D(1)(y))
    return layers.Add()([x, InstanceNormalization(EPSILON)(y)])


def _activate(x: Any) -> Any:
    return layers.ReLU()(InstanceNormalization(EPSILON)(x))
