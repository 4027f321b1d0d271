"""Fine-tuning: readies a trained model to go on with other pictures."""

from collections.abc import Iterator
from typing import Any

import keras

from kgan.adversarial import Adversarial
from kgan.errors import InputError


def prepare(model: Adversarial, learning_rate: float | None = None, freeze: int = 0) -> None:
    """Gives a trained model new optimizers, and freezes the critics' first layers; then `model.fit` goes on.

    The optimizers are of the same kind and options as before, without the old ones' memory of gradients; a learning
    rate that was going to 0 starts anew and stays. The losses and penalties are those that the model has.

    What a critic's first layers see, edges and textures, is much the same in all pictures. Kept as they were learnt
    from many, they cannot learn a few new ones by heart: FreezeD (Mo et al. 2020, "Freeze the Discriminator").

    Args:
        model: Compiled, such as `kgan.export.load_for_training` returns.
        learning_rate: Of both players; None for what each began with.
        freeze: Layers with weights that stay as they are, counted from the picture, in every critic.

    Raises:
        InputError: If the model is not compiled, the rate is not positive, or a critic has not more layers
            than are frozen.
    """
    if not model.compiled:
        raise InputError(f"model {model.name!r} is not compiled: it has no optimizers and losses to go on with.")
    if learning_rate is not None and not learning_rate > 0.0:
        raise InputError(f"learning_rate must be positive; got {learning_rate}.")
    for critic in filter(_sees_pictures, model.discriminators):
        freeze_lower(critic, freeze)
    if not any(critic.trainable_variables for critic in model.discriminators):
        raise InputError(f"freeze={freeze} leaves the critic nothing to learn with; freeze fewer layers.")
    config = keras.saving.deserialize_keras_object(model.get_compile_config())
    for player in ("generator_optimizer", "discriminator_optimizer"):
        config[player] = _anew(config[player], learning_rate)
    model.compile(**config)


def starting_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """Returns the learning rate that an optimizer begins with; of a schedule that of its first step."""
    rate = _inner(optimizer).get_config()["learning_rate"]
    return float(keras.optimizers.schedules.deserialize(rate)(0) if isinstance(rate, dict) else rate)


def image_shape(model: Adversarial) -> tuple[int, int, int]:
    """Returns the `(height, width, channels)` of the pictures that a model was trained on, as its critic takes them.

    Raises:
        InputError: If the critic takes pictures of any size.
    """
    critic = next(filter(_sees_pictures, model.discriminators))
    # A critic of pairs takes the one that it judges last.
    *_, shape = (tuple(given.shape[1:]) for given in critic.inputs if len(given.shape) == 4)
    if None in shape:
        raise InputError(f"{critic.name!r} takes pictures of any size, {shape}: what it was trained on is not known.")
    return shape


def freeze_lower(network: keras.Model, layers: int) -> None:
    """Freezes the first layers of a network that have weights; those after them are trained, whatever they were.

    Args:
        network: Built.
        layers: How many, at least 0 and no more than it has.

    Raises:
        InputError: If it has not so many.
    """
    there = list(_with_weights(network))
    if not 0 <= layers <= len(there):
        raise InputError(f"freeze must be from 0 to {len(there)}, the layers of {network.name!r}; got {layers}.")
    for index, layer in enumerate(there):
        layer.trainable = index >= layers


def _with_weights(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yields the layers that have weights, from the input on, those of networks within a network one by one."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _with_weights(layer)
        elif layer.weights:
            yield layer


def _sees_pictures(network: keras.Model) -> bool:
    # An InfoGAN's heads take features.
    return any(len(given.shape) == 4 for given in network.inputs)


def _anew(optimizer: keras.optimizers.Optimizer, learning_rate: float | None) -> keras.optimizers.Optimizer:
    # Of a scaled one the inner: `compile` puts another scale around it, which starts anew too.
    inner = _inner(optimizer)
    rate = starting_rate(inner) if learning_rate is None else learning_rate
    return type(inner).from_config(inner.get_config() | {"learning_rate": rate})


def _inner(optimizer: Any) -> keras.optimizers.Optimizer:
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    return optimizer.inner_optimizer if scaled else optimizer
