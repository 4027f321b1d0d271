"""The small pair of `kgan.networks.residual`, told what to draw, and the ways to bring a condition in."""

from typing import Any, Literal

import keras
from keras import layers

from kgan.errors import InputError
from kgan.networks import residual

EMBEDDING = 64


def generator(
    latent_dim: int = 64,
    columns: int = 10,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    width: int = 32,
    depth: int = 2,
    max_width: int = 256,
    norm: Literal["none", "conditional_batch"] = "none",
    name: str = "generator",
) -> keras.Model:
    """Returns a network from latents `(n, latent_dim)` and conditions `(n, columns)` to images in [-1, 1].

    The condition is embedded and stands beside the latent.

    Args:
        latent_dim: Size of the latents.
        columns: Of a condition.
        image_shape: `(size, size, channels)`, size 16 to 128, channels 1 or 3.
        width: Channels at half the picture's size, twice as many at each halving, half as many at its own size.
        depth: Residual units at each size.
        max_width: Most channels of any feature map.
        norm: `"conditional_batch"`: BatchNorm after every convolution, its scale and shift made of the embedded
            condition (Dumoulin et al. 2017; Miyato and Koyama 2018), its momentum and epsilon Keras's 0.99 and 0.001.
        name: Of the model.

    Raises:
        InputError: If the size or an option is not one of those above.
    """
    if norm not in ("none", "conditional_batch"):
        raise InputError(f"norm must be 'none' or 'conditional_batch'; got {norm!r}.")
    latents, conditions = keras.Input((latent_dim,), name="latents"), keras.Input((columns,), name="conditions")
    embedded = layers.Dense(EMBEDDING, use_bias=False, name="embedding")(conditions)
    normalise = (lambda x: _conditional_batch_norm(x, embedded)) if norm == "conditional_batch" else None
    x = layers.Concatenate()([latents, embedded])
    images = residual.grow(x, image_shape, width, depth, max_width, normalise)
    return keras.Model([latents, conditions], images, name=name)


def discriminator(
    image_shape: tuple[int, int, int] = (28, 28, 1),
    columns: int = 10,
    width: int = 32,
    depth: int = 2,
    max_width: int = 256,
    conditioning: Literal["projection", "concatenation", "auxiliary"] = "projection",
    name: str = "discriminator",
) -> keras.Model:
    """Returns a critic for `kgan.ConditionalGAN`, of images in [-1, 1] and conditions, to logits `(n, 1)` in float32.

    Args:
        image_shape: `(size, size, channels)`, size 16 to 128, channels 1 or 3.
        columns: Of a condition.
        width: Channels at half the picture's size, twice as many at each halving, half as many at its own size.
        depth: Residual units at each size.
        max_width: Most channels of any feature map.
        conditioning: `"projection"` adds the inner product of the embedded condition and the pooled features (Miyato
            and Koyama 2018, equation 3; the features' mean over positions where theirs is the sum, and beside it a
            layer over all positions); `"concatenation"` puts the embedded condition beside the smallest feature map
            and a convolution over both (Reed et al. 2016, section 4.1); `"auxiliary"` takes images alone and answers
            class logits `(n, columns)` besides (Odena et al. 2017).
        name: Of the model.

    Raises:
        InputError: If the size or an option is not one of those above.
    """
    ways = {"projection": _project, "concatenation": _concatenate}
    if conditioning not in (*ways, "auxiliary"):
        known = ", ".join((*ways, "auxiliary"))
        raise InputError(f"conditioning must be one of {known}; got {conditioning!r}.")
    images = keras.Input(image_shape, name="images")
    features = residual.shrink(images, width, depth, max_width)
    if conditioning == "auxiliary":
        flat = layers.Flatten()(features)
        heads = [layers.Dense(1, dtype="float32")(flat), layers.Dense(columns, dtype="float32")(flat)]
        return keras.Model(images, heads, name=name)
    conditions = keras.Input((columns,), name="conditions")
    return keras.Model([images, conditions], ways[conditioning](features, conditions), name=name)


def _project(features: Any, conditions: Any) -> Any:
    pooled = layers.GlobalAveragePooling2D(dtype="float32")(features)
    embedded = layers.Dense(features.shape[-1], use_bias=False, dtype="float32", name="embedding")(conditions)
    alone = layers.Dense(1, dtype="float32")(layers.Flatten()(features))
    return layers.Add(dtype="float32")([alone, layers.Dot(axes=1, dtype="float32")([embedded, pooled])])


def _concatenate(features: Any, conditions: Any) -> Any:
    embedded = layers.Dense(EMBEDDING, use_bias=False, name="embedding")(conditions)
    height, width, channels = features.shape[1:]
    map_ = layers.Reshape((height, width, EMBEDDING))(layers.RepeatVector(height * width)(embedded))
    both = layers.Conv2D(channels, 1)(layers.Concatenate()([features, map_]))
    return layers.Dense(1, dtype="float32")(layers.Flatten()(residual.activate(both)))


def _conditional_batch_norm(x: Any, embedded: Any) -> Any:
    """BatchNorm without scale and shift of its own, then those that the condition asks for, 1 and 0 at first."""
    channels = x.shape[-1]
    normal = layers.BatchNormalization(center=False, scale=False)(x)
    asked = [layers.Dense(channels, kernel_initializer="zeros")(embedded) for _ in range(2)]
    scale, shift = (layers.Reshape((1, 1, channels))(one) for one in asked)
    return layers.Add()([normal, layers.Multiply()([normal, scale]), shift])
