"""A small pair without normalization, made deep by residual units: the most per minute that was found on two CPU cores.

Residual units (He et al. 2016) without normalization, as the critics of recent GANs have them (Karras et al. 2020,
Huang et al. 2024). Both networks halve or double the picture until 4 to 7 pixels are left, and have `depth` units at
every size but the picture's own, where they would cost most. The generator ends in `kgan.layers.Clip`, for after tanh
some losses never got away from black pictures (docs/measurements.md).
"""

from collections.abc import Callable
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
    latents = keras.Input((latent_dim,), name="latents")
    return keras.Model(latents, grow(latents, image_shape, width, depth, max_width), name=name)


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
    features = body(image_shape, width, depth, max_width)
    return keras.Model(features.input, layers.Dense(1, dtype="float32")(features.output), name=name)


def body(
    image_shape: tuple[int, int, int] = (28, 28, 1),
    width: int = 32,
    depth: int = 2,
    max_width: int = 256,
    name: str = "body",
) -> keras.Model:
    """Returns the discriminator without its last layer: from images to features `(n, d)`, for several heads to share.

    The options, and what they raise, are those of `discriminator`.
    """
    images = keras.Input(image_shape, name="images")
    return keras.Model(images, layers.Flatten()(shrink(images, width, depth, max_width)), name=name)


def head(body: keras.Model, outputs: int, hidden: int | None = None, name: str = "head") -> keras.Model:
    """Returns a network from a body's features to numbers `(n, outputs)`, in float32.

    Args:
        body: The body; only the size of its features is used.
        outputs: How many numbers.
        hidden: Units of a layer between, None for none.
        name: Of the model.
    """
    features = keras.Input(body.output_shape[1:], name="features")
    x = features if hidden is None else activate(layers.Dense(hidden)(features))
    return keras.Model(features, layers.Dense(outputs, dtype="float32")(x), name=name)


def grow(
    x: Any,
    image_shape: tuple[int, int, int],
    width: int,
    depth: int,
    max_width: int,
    norm: Callable[[Any], Any] | None = None,
) -> Any:
    """Returns the images that a generator makes of rows `(n, d)`; for the options see `generator`.

    Args:
        x: The rows, a Keras tensor.
        image_shape: Of the images.
        width: Channels at half the picture's size.
        depth: Residual units at each size.
        max_width: Most channels of any feature map.
        norm: What every convolution's output passes before its activation, or None.
    """
    _check_depth(depth)
    sides = pyramid.sizes(image_shape)
    first, *others = reversed(pyramid.widths(width, max_width, len(sides) - 1))
    x = layers.Dense(sides[-1] ** 2 * first)(x)
    x = activate(layers.Reshape((sides[-1], sides[-1], first))(x), norm)
    x = _units(x, depth, norm)
    for side, channels in zip(sides[-2:0:-1], others, strict=True):
        x = _units(activate(_double(x, channels, side), norm), depth, norm)
    x = activate(_double(x, max(width // 2, 1), sides[0]), norm)
    # float32 at the picture, whatever the precision of the rest.
    x = layers.Conv2D(image_shape[-1], 3, padding="same", dtype="float32")(x)
    return Clip(dtype="float32")(x)


def shrink(images: Any, width: int, depth: int, max_width: int) -> Any:
    """Returns a critic's smallest feature map of images, `(n, side, side, channels)`; see `discriminator`."""
    _check_depth(depth)
    sides = pyramid.sizes(images.shape[1:])
    x = activate(layers.Conv2D(max(width // 2, 1), 3, padding="same")(images))
    for channels in pyramid.widths(width, max_width, len(sides) - 1):
        x = activate(layers.Conv2D(channels, 3, strides=2, padding="same")(x))
        x = _units(x, depth)
    return x


def activate(x: Any, norm: Callable[[Any], Any] | None = None) -> Any:
    """Returns leaky ReLU of x, normalised before if so asked."""
    return layers.LeakyReLU(negative_slope=SLOPE)(x if norm is None else norm(x))


def _units(x: Any, depth: int, norm: Callable[[Any], Any] | None = None) -> Any:
    """Adds `depth` residual units: x + activation(convolution(x))."""
    for _ in range(depth):
        x = layers.Add()([x, activate(layers.Conv2D(x.shape[-1], 3, padding="same")(x), norm)])
    return x


def _double(x: Any, channels: int, side: int) -> Any:
    x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same")(x)
    excess = x.shape[1] - side
    return layers.Cropping2D(((0, excess), (0, excess)))(x) if excess else x


def _check_depth(depth: int) -> None:
    if depth < 0:
        raise InputError(f"depth must be at least 0; got {depth}.")
