"""`Probe`: looks at a two-player model without changing anything of it."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.devices import of_first_device
from kgan.monitors.health.signals import Crowd, separation, thumbnails
from kgan.monitors.health.spectra import Spectra
from kgan.monitors.health.views import View, images_of, views_of
from kgan.pixels import from_uint8
from kgan.terms import as_float32

Weights = dict[str, np.ndarray]

# At a time: of 64x64, and of larger images as many fewer as they are larger, but one.
CHUNK = 64
GRADIENT_IMAGES = 16
SIDE = 64
TINY = 1e-12


class Probe:
    """Takes one look after another at a model, always with the same real images.

    Args:
        model: A `kgan.Adversarial`.
        real: A batch of training images: uint8, or (uint8, conditions) for a model that is trained on such, or the
            images of both domains for one that translates.
        held_out: The same of images that are not trained on, or None.
    """

    def __init__(self, model: Any, real: Any, held_out: Any | None):
        self.model = model
        self.real = _as_batch(real)
        self.held_out = None if held_out is None else _as_batch(held_out)
        self.views = views_of(model)
        self.real_crowds = [Crowd(thumbnails(_array(view.real(self.real)))) for view in self.views]
        self.spectra = Spectra()
        self.weights = [_weights(view) for view in self.views]

    def critic_terms(self) -> list[str]:
        """Returns the names of the terms of the critics' loss."""
        batch = _first(self.real, 2)
        with self._noise_kept():
            return list(self.model.discriminator_losses(batch, self.model.generate(batch, training=False), False))

    def look(self, losses_not_finite: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Returns the fields of `Signals` that the model itself shows, of each of its games.

        Arithmetic on NaN and infinity stays silent.
        """
        with self._noise_kept(), np.errstate(invalid="ignore", over="ignore"):
            made = [self.model.generate(chunk, training=False) for chunk in _chunks(self.real)]
            gradients = self._gradient_signals()
            return [
                self._signals(index, tf.concat([view.fake(part) for part in made], axis=0), losses_not_finite)
                | gradients[index]
                for index, view in enumerate(self.views)
            ]

    def _signals(self, index: int, fakes: tf.Tensor, losses_not_finite: Sequence[str]) -> dict[str, Any]:
        view, pixels = self.views[index], _array(fakes)
        values = {**self._logit_signals(view, fakes), **_sample_signals(pixels, self.real_crowds[index])}
        of_domain = f" of domain {view.domain}" if view.domain else ""
        flawed = [*losses_not_finite, *([] if np.isfinite(pixels).all() else [f"the generated images{of_domain}"])]
        before, self.weights[index] = self.weights[index], _weights(view)
        for player, weights in self.weights[index].items():
            values.update(self._weight_signals(player, view.domain, weights, before[player]))
            if not all(np.isfinite(array).all() for array in weights.values()):
                flawed.append(f"the {player}'s weights{of_domain}")
        return {"domain": view.domain, **values, "not_finite": tuple(flawed)}

    @contextlib.contextmanager
    def _noise_kept(self) -> Iterator[None]:
        """Puts the counter of the noise back, so that training goes on as if nobody had looked."""
        draws = self.model.draws.numpy()
        try:
            yield
        finally:
            self.model.draws.assign(draws)

    def _logit_signals(self, view: View, fakes: tf.Tensor) -> dict[str, float]:
        real, fake = _logits(view, view.real(self.real), self.real), _logits(view, fakes, self.real)
        unseen = self.held_out
        held_out = np.array([np.nan]) if unseen is None else _logits(view, view.real(unseen), unseen)
        return {
            "real_logit": float(real.mean()),
            "held_out_logit": float(held_out.mean()),
            "fake_logit": float(fake.mean()),
            "spread": float(real.std() + fake.std()) / 2,
            "separation": separation(real, fake),
            "memorising": separation(real, held_out),
        }

    def _gradient_signals(self) -> list[dict[str, float]]:
        batch = _first(self.real, _at_once(GRADIENT_IMAGES, self.real))
        with tf.GradientTape() as tape:
            fakes = self.model.generate(batch, training=False)
            loss = tf.add_n(list(as_float32(self.model.generator_losses(batch, fakes, training=False)).values()))
        generators = _norms(tape, loss, [view.generators for view in self.views])
        fakes = tf.nest.map_structure(tf.stop_gradient, fakes)
        with tf.GradientTape() as tape:
            loss = tf.add_n(list(as_float32(self.model.discriminator_losses(batch, fakes, training=False)).values()))
        discriminators = _norms(tape, loss, [view.discriminators for view in self.views])
        names = ("generator_gradient", "discriminator_gradient")
        return [dict(zip(names, norms, strict=True)) for norms in zip(generators, discriminators, strict=True)]

    def _weight_signals(self, player: str, domain: str, weights: Weights, before: Weights) -> dict[str, float]:
        change = math.hypot(*(float(np.linalg.norm(weights[name] - before[name])) for name in weights))
        size = math.hypot(*(float(np.linalg.norm(array)) for array in before.values()))
        kernels = {
            f"{player}/{domain}/{name}": array
            for name, array in weights.items()
            if array.ndim > 1 and np.isfinite(array).all()
        }
        return {
            f"{player}_update": change / max(size, TINY),
            f"{player}_norm": max(self.spectra(kernels).values(), default=math.nan),
        }


def _sample_signals(pixels: np.ndarray, real: Crowd) -> dict[str, float]:
    if not np.isfinite(pixels).all():
        return dict.fromkeys(("diversity", "closeness", "distance"), math.nan)
    crowd = Crowd(thumbnails(pixels))
    return {
        "diversity": crowd.mean / max(real.mean, TINY),
        "closeness": crowd.nearest / max(real.nearest, TINY),
        "distance": crowd.energy_distance(real),
    }


def _logits(view: View, images: tf.Tensor, batch: Any) -> np.ndarray:
    """Returns the critic's logit of each image, taken for those of the batch; of a map of patches the mean."""
    parts = zip(_chunks(images), _chunks(batch), strict=True)
    logits = [_array(tf.cast(view.critic(chunk, like), "float32")) for chunk, like in parts]
    return np.concatenate([part.reshape(len(part), -1).mean(axis=1) for part in logits])


def _weights(view: View) -> dict[str, Weights]:
    players = {"generator": view.generators, "discriminator": view.discriminators}
    return {
        player: {
            f"{number}/{variable.path}": np.array(_array(variable), "float32")
            for number, network in enumerate(networks)
            for variable in network.trainable_variables
        }
        for player, networks in players.items()
    }


def _array(values: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(values)


def _as_batch(chosen: Any) -> Any:
    """Returns pixels as floats, and conditions as they are."""
    return tf.nest.map_structure(lambda part: from_uint8(part) if part.dtype == np.uint8 else tf.constant(part), chosen)


def _first(batch: Any, count: int) -> Any:
    return tf.nest.map_structure(lambda part: part[:count], batch)


def _at_once(count: int, batch: Any) -> int:
    height, width = images_of(batch).shape[1:3]
    return max(min(count, count * SIDE**2 // (height * width)), 1)


def _chunks(batch: Any) -> list[Any]:
    size = _at_once(CHUNK, batch)
    starts = range(0, len(images_of(batch)), size)
    return [tf.nest.map_structure(lambda part, start=start: part[start : start + size], batch) for start in starts]


def _norms(tape: tf.GradientTape, loss: tf.Tensor, players: Sequence[Sequence[keras.Model]]) -> list[float]:
    """Returns the norm of the loss's gradient by the weights of each group of networks."""
    variables = [
        [of_first_device(v.value) for network in networks for v in network.trainable_variables] for networks in players
    ]
    gradients = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [float(tf.linalg.global_norm([tf.cast(gradient, "float32") for gradient in part])) for part in gradients]
