"""The DCGAN pair: a stack of strided convolutions and its mirror image (Radford et al. 2016).

Both halve or double the picture until 4 to 7 pixels are left, for any square size from 16 to 128, and give the
feature map next to the picture `width` channels, twice as many at each halving, `max_width` at most.
Keras's own defaults differ from the paper's code, so each is said here.
"""

from typing import Any

import keras
from keras import layers

from kgan.errors import unknown_name
from kgan.networks import pyramid

GENERATOR_NORMALIZATIONS = ("batch", "none")
DISCRIMINATOR_NORMALIZATIONS = ("batch", "spectral", "none")
UPSAMPLINGS = ("transpose", "resize")


def generator(
    latent_dim: int = 100,
    image_shape: tuple[int, int, int] = (64, 64, 3),
    width: int = 64,
    max_width: int = 512,
    kernel_size: int = 4,
    normalization: str = "batch",
    upsampling: str = "transpose",
    init_stddev: float | None = 0.02,
    slope: float = 0.0,
    name: str = "generator",
) -> keras.Model:
    """Returns a network from latents `(n, latent_dim)` to images `(n, *image_shape)` in [-1, 1].

    Args:
        latent_dim: Size of the latents.
        image_shape: `(size, size, channels)`, size 16 to 128, channels 1 or 3.
        width: Channels of the last feature map; 128 in the paper's figure 1, 64 in its well-known PyTorch port.
        max_width: Most channels of any feature map.
        kernel_size: Of every convolution; the paper's code has 5, the PyTorch port 4.
        normalization: `"batch"` as in the paper (momentum 0.9, epsilon 1e-5), or `"none"`.
        upsampling: `"transpose"`: transposed convolutions of stride 2, as in the paper. `"resize"`: nearest-neighbour
            resize, then a convolution, which makes no checkerboards (Odena et al. 2016) and costs four times as much.
        init_stddev: Weights start as N(0, init_stddev^2), 0.02 in the paper; None for Glorot's uniform initialisation,
            for networks without normalization, whose signal would die out.
        slope: Of the leaky ReLU; 0 is the paper's ReLU.
        name: Of the model.

    Raises:
        InputError: If the networks cannot make such images, or an option is unknown.
    """
    sizes = pyramid.sizes(image_shape)
    _check_choice("normalization", normalization, GENERATOR_NORMALIZATIONS)
    _check_choice("upsampling", upsampling, UPSAMPLINGS)
    widths = pyramid.widths(width, max_width, len(sizes) - 1)

    def options(**changes: Any) -> dict[str, Any]:
        # A bias before BatchNorm would be taken out again by it. Each layer needs an initializer of its own:
        # one object gives equal weights to layers of equal shape.
        return {"use_bias": normalization != "batch", "kernel_initializer": _initializer(init_stddev), **changes}

    def activate(x: Any) -> Any:
        x = _batch_norm()(x) if normalization == "batch" else x
        return layers.LeakyReLU(negative_slope=slope)(x) if slope else layers.ReLU()(x)

    def double(x: Any, channels: int, size: int, **options: Any) -> Any:
        if upsampling == "resize":
            x = layers.UpSampling2D(2, interpolation="nearest")(x)
            x = layers.Conv2D(channels, kernel_size, padding="same", **options)(x)
        else:
            x = layers.Conv2DTranspose(channels, kernel_size, strides=2, padding="same", **options)(x)
        excess = x.shape[1] - size
        return layers.Cropping2D(((0, excess), (0, excess)))(x) if excess else x

    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(sizes[-1] ** 2 * widths[-1], **options())(latents)
    x = activate(layers.Reshape((sizes[-1], sizes[-1], widths[-1]))(x))
    for size, channels in zip(sizes[-2:0:-1], widths[-2::-1], strict=True):
        x = activate(double(x, channels, size, **options()))
    # float32 at the picture, whatever the precision of the rest.
    last = options(use_bias=True, dtype="float32")
    x = double(x, image_shape[-1], sizes[0], **last)
    return keras.Model(latents, layers.Activation("tanh", dtype="float32")(x), name=name)


def discriminator(
    image_shape: tuple[int, int, int] = (64, 64, 3),
    width: int = 64,
    max_width: int = 512,
    kernel_size: int = 4,
    normalization: str = "batch",
    init_stddev: float | None = 0.02,
    slope: float = 0.2,
    dropout: float = 0.0,
    name: str = "discriminator",
) -> keras.Model:
    """Returns a network from images `(n, *image_shape)` in [-1, 1] to logits `(n, 1)`, in float32.

    Args:
        image_shape: `(size, size, channels)`, size 16 to 128, channels 1 or 3.
        width: Channels of the first feature map, 64 in the well-known PyTorch port.
        max_width: Most channels of any feature map.
        kernel_size: Of every convolution; the paper's code has 5, the PyTorch port 4.
        normalization: `"batch"` as in the paper: all but the first convolution, momentum 0.9, epsilon 1e-5.
            `"spectral"`: every weight divided by its largest singular value (Miyato et al. 2018). `"none"`, which
            gradient penalties want.
        init_stddev: Weights start as N(0, init_stddev^2), 0.02 in the paper; None for Glorot's uniform initialisation.
        slope: Of the leaky ReLU, 0.2 in the paper.
        dropout: Share of activations dropped after each convolution.
        name: Of the model.

    Raises:
        InputError: If the size or an option is not one of those above.
    """
    sizes = pyramid.sizes(image_shape)
    _check_choice("normalization", normalization, DISCRIMINATOR_NORMALIZATIONS)

    def constrained(layer: keras.Layer) -> keras.Layer:
        return layers.SpectralNormalization(layer) if normalization == "spectral" else layer

    x = images = keras.Input(image_shape, name="images")
    for index, channels in enumerate(pyramid.widths(width, max_width, len(sizes) - 1)):
        normalized = normalization == "batch" and index > 0
        convolution = layers.Conv2D(
            channels,
            kernel_size,
            strides=2,
            padding="same",
            use_bias=not normalized,
            kernel_initializer=_initializer(init_stddev),
        )
        x = constrained(convolution)(x)
        x = _batch_norm()(x) if normalized else x
        x = layers.LeakyReLU(negative_slope=slope)(x)
        x = layers.Dropout(dropout)(x) if dropout else x
    head = layers.Dense(1, kernel_initializer=_initializer(init_stddev), dtype="float32")
    return keras.Model(images, constrained(head)(layers.Flatten()(x)), name=name)


def _initializer(stddev: float | None) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform() if stddev is None else keras.initializers.RandomNormal(0.0, stddev)


def _batch_norm() -> keras.Layer:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise unknown_name(option, value, choices)
