"""`Probe`: looks at a two-player model without changing anything of it."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.monitors.health.signals import Crowd, separation, thumbnails
from kgan.monitors.health.spectra import Spectra
from kgan.pixels import from_uint8
from kgan.terms import as_float32

Weights = dict[str, np.ndarray]

CHUNK = 64
GRADIENT_IMAGES = 16
TINY = 1e-12


class Probe:
    """Takes one look after another at a model, always with the same real images.

    Args:
        model: A `kgan.Adversarial`.
        real: A batch of training images: uint8, or (uint8, conditions) for a model that is trained on such.
        held_out: The same of images that are not trained on, or None.
    """

    def __init__(self, model: Any, real: Any, held_out: Any | None):
        self.model = model
        self.real = _as_batch(real)
        self.held_out = None if held_out is None else _as_batch(held_out)
        self.real_crowd = Crowd(thumbnails(keras.ops.convert_to_numpy(images_of(self.real))))
        self.spectra = Spectra()
        self.weights = self._weights()

    def critic_terms(self) -> list[str]:
        """Returns the names of the terms of the critics' loss."""
        batch = _first(self.real, 2)
        with self._noise_kept():
            return list(self.model.discriminator_losses(batch, self.model.generate(batch, training=False), False))

    def look(self, losses_not_finite: Sequence[str] = ()) -> dict[str, Any]:
        """Returns the fields of `Signals` that the model itself shows; arithmetic on NaN and infinity stays silent."""
        with self._noise_kept(), np.errstate(invalid="ignore", over="ignore"):
            return self._signals(losses_not_finite)

    def _signals(self, losses_not_finite: Sequence[str]) -> dict[str, Any]:
        parts = [images_of(self.model.generate(chunk, training=False)) for chunk in _chunks(self.real)]
        fakes = tf.concat(parts, axis=0)
        pixels = keras.ops.convert_to_numpy(fakes)
        values = {**self._logit_signals(fakes), **self._gradient_signals(), **self._sample_signals(pixels)}
        flawed = [*losses_not_finite, *([] if np.isfinite(pixels).all() else ["the generated images"])]
        before, self.weights = self.weights, self._weights()
        for player, weights in self.weights.items():
            values.update(self._weight_signals(player, weights, before[player]))
            if not all(np.isfinite(array).all() for array in weights.values()):
                flawed.append(f"the {player}'s weights")
        return {**values, "not_finite": tuple(flawed)}

    @contextlib.contextmanager
    def _noise_kept(self) -> Iterator[None]:
        """Puts the counter of the noise back, so that training goes on as if nobody had looked."""
        draws = self.model.draws.numpy()
        try:
            yield
        finally:
            self.model.draws.assign(draws)

    def _logit_signals(self, fakes: tf.Tensor) -> dict[str, float]:
        real, fake = self._logits(images_of(self.real), self.real), self._logits(fakes, self.real)
        held_out = (
            np.array([np.nan]) if self.held_out is None else self._logits(images_of(self.held_out), self.held_out)
        )
        return {
            "real_logit": float(real.mean()),
            "held_out_logit": float(held_out.mean()),
            "fake_logit": float(fake.mean()),
            "spread": float(real.std() + fake.std()) / 2,
            "separation": separation(real, fake),
            "memorising": separation(real, held_out),
        }

    def _sample_signals(self, pixels: np.ndarray) -> dict[str, float]:
        if not np.isfinite(pixels).all():
            return dict.fromkeys(("diversity", "closeness", "distance"), math.nan)
        crowd = Crowd(thumbnails(pixels))
        return {
            "diversity": crowd.mean / max(self.real_crowd.mean, TINY),
            "closeness": crowd.nearest / max(self.real_crowd.nearest, TINY),
            "distance": crowd.energy_distance(self.real_crowd),
        }

    def _logits(self, images: tf.Tensor, batch: Any) -> np.ndarray:
        """Returns the critic's logit of each image, taken for those of the batch; of a map of patches the mean."""
        parts = zip(_chunks(images), _chunks(batch), strict=True)
        logits = [tf.cast(self.model.critic(chunk, like), "float32") for chunk, like in parts]
        return np.concatenate([keras.ops.convert_to_numpy(part).reshape(len(part), -1).mean(axis=1) for part in logits])

    def _gradient_signals(self) -> dict[str, float]:
        batch = _first(self.real, GRADIENT_IMAGES)
        with tf.GradientTape() as tape:
            fakes = self.model.generate(batch, training=False)
            loss = tf.add_n(list(as_float32(self.model.generator_losses(batch, fakes, training=False)).values()))
        generator = _norm(tape, loss, self.model.generators)
        fakes = tf.nest.map_structure(tf.stop_gradient, fakes)
        with tf.GradientTape() as tape:
            loss = tf.add_n(list(as_float32(self.model.discriminator_losses(batch, fakes, training=False)).values()))
        return {
            "generator_gradient": generator,
            "discriminator_gradient": _norm(tape, loss, self.model.discriminators),
        }

    def _weights(self) -> dict[str, Weights]:
        players = {"generator": self.model.generators, "discriminator": self.model.discriminators}
        return {
            player: {
                f"{number}/{variable.path}": np.array(keras.ops.convert_to_numpy(variable), "float32")
                for number, network in enumerate(networks)
                for variable in network.trainable_variables
            }
            for player, networks in players.items()
        }

    def _weight_signals(self, player: str, weights: Weights, before: Weights) -> dict[str, float]:
        change = math.hypot(*(float(np.linalg.norm(weights[name] - before[name])) for name in weights))
        size = math.hypot(*(float(np.linalg.norm(array)) for array in before.values()))
        kernels = {
            f"{player}/{name}": array for name, array in weights.items() if array.ndim > 1 and np.isfinite(array).all()
        }
        return {
            f"{player}_update": change / max(size, TINY),
            f"{player}_norm": max(self.spectra(kernels).values(), default=math.nan),
        }


def images_of(batch: Any) -> Any:
    """Returns the images of a batch, or of what a generator made, which may have conditions or codes beside them."""
    return batch[0] if isinstance(batch, tuple) else batch


def _as_batch(chosen: Any) -> Any:
    if isinstance(chosen, tuple):
        return from_uint8(chosen[0]), tf.constant(chosen[1])
    return from_uint8(chosen)


def _first(batch: Any, count: int) -> Any:
    return tf.nest.map_structure(lambda part: part[:count], batch)


def _chunks(batch: Any) -> list[Any]:
    starts = range(0, len(images_of(batch)), CHUNK)
    return [tf.nest.map_structure(lambda part, start=start: part[start : start + CHUNK], batch) for start in starts]


def _norm(tape: tf.GradientTape, loss: tf.Tensor, networks: Any) -> float:
    variables = [variable.value for network in networks for variable in network.trainable_variables]
    gradients = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return float(tf.linalg.global_norm([tf.cast(gradient, "float32") for gradient in gradients]))
