"""A small pair without normalization, made deep by residual units: the most per minute that was found on two CPU cores.

Residual units (He et al. 2016) without normalization, as the critics of recent GANs have them (Karras et al. 2020,
Huang et al. 2024). Both networks halve or double the picture until 4 to 7 pixels are left, and have `depth` units at
every size but the picture's own, where they would cost most. The generator ends in `kgan.layers.Clip`, for after tanh
some losses never got away from black pictures (docs/measurements.md).
"""

from typing import Any

import keras
from keras import layers

from kgan.errors import InputError
from kgan.layers import Clip
from kgan.networks import pyramid

SLOPE = 0.2


def generator(
    latent_dim: int = 64,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    width: int = 32,
    depth: int = 2,
    max_width: int = 256,
    name: str = "generator",
) -> keras.Model:
    """Returns a network from latents `(n, latent_dim)` to images `(n, *image_shape)` in [-1, 1].

    Transposed convolutions of kernel 4 and stride 2 double the map; every output pixel sees as many weights, so they
    make no checkerboards by themselves (Odena et al. 2016).

    Args:
        latent_dim: Size of the latents.
        image_shape: `(size, size, channels)`, size 16 to 128, channels 1 or 3.
        width: Channels at half the picture's size, twice as many at each halving, half as many at its own size.
        depth: Residual units at each size.
        max_width: Most channels of any feature map.
        name: Of the model.

    Raises:
        InputError: If the size or an option is not one of those above.
    """
    _check_depth(depth)
    sides = pyramid.sizes(image_shape)
    first, *others = reversed(pyramid.widths(width, max_width, len(sides) - 1))
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(sides[-1] ** 2 * first)(latents)
    x = _activate(layers.Reshape((sides[-1], sides[-1], first))(x))
    x = _units(x, depth)
    for side, channels in zip(sides[-2:0:-1], others, strict=True):
        x = _units(_activate(_double(x, channels, side)), depth)
    x = _activate(_double(x, max(width // 2, 1), sides[0]))
    # float32 at the picture, whatever the precision of the rest.
    x = layers.Conv2D(image_shape[-1], 3, padding="same", dtype="float32")(x)
    return keras.Model(latents, Clip(dtype="float32")(x), name=name)


def discriminator(
    image_shape: tuple[int, int, int] = (28, 28, 1),
    width: int = 32,
    depth: int = 2,
    max_width: int = 256,
    name: str = "discriminator",
) -> keras.Model:
    """Returns a network from images `(n, *image_shape)` in [-1, 1] to logits `(n, 1)`, in float32.

    Args:
        image_shape: `(size, size, channels)`, size 16 to 128, channels 1 or 3.
        width: Channels at half the picture's size, twice as many at each halving, half as many at its own size.
        depth: Residual units at each size.
        max_width: Most channels of any feature map.
        name: Of the model.

    Raises:
        InputError: If the size or an option is not one of those above.
    """
    _check_depth(depth)
    sides = pyramid.sizes(image_shape)
    images = keras.Input(image_shape, name="images")
    x = _activate(layers.Conv2D(max(width // 2, 1), 3, padding="same")(images))
    for channels in pyramid.widths(width, max_width, len(sides) - 1):
        x = _activate(layers.Conv2D(channels, 3, strides=2, padding="same")(x))
        x = _units(x, depth)
    return keras.Model(images, layers.Dense(1, dtype="float32")(layers.Flatten()(x)), name=name)


def _units(x: Any, depth: int) -> Any:
    """Adds `depth` residual units: x + activation(convolution(x))."""
    for _ in range(depth):
        x = layers.Add()([x, _activate(layers.Conv2D(x.shape[-1], 3, padding="same")(x))])
    return x


def _double(x: Any, channels: int, side: int) -> Any:
    x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same")(x)
    excess = x.shape[1] - side
    return layers.Cropping2D(((0, excess), (0, excess)))(x) if excess else x


def _activate(x: Any) -> Any:
    return layers.LeakyReLU(negative_slope=SLOPE)(x)


def _check_depth(depth: int) -> None:
    if depth < 0:
        raise InputError(f"depth must be at least 0; got {depth}.")
