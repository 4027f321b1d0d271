"""Trains `kgan.GAN` on the ring of 8 Gaussians, by three rules of the game: docs/figures/ring.json.

The toy is that of Metz et al. 2017, "Unrolled generative adversarial networks": points in the plane, modes that can be
counted, networks so small that a training takes seconds. A dense network stands for a picture's: the family does not
know the difference.
"""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import kgan

MODES, RADIUS, DEVIATION = 8, 1.0, 0.02
LATENT_DIM, UNITS, BATCH_SIZE = 16, 64, 128
AT_ONCE = 250
STEPS = (250, 500, 1000, 2000, 4000)
SHOWN = 512
SEED = 0
# A sample within so many deviations of a mode's middle is one of the mode's.
NEAR = 3.0
RESULTS = Path(__file__).with_name("ring.json")
RATE = 1e-3
RULES: dict[str, dict[str, Any]] = {
    "a slow critic": {"critic_rate": RATE / 10},
    "equal rates": {},
    "equal rates, R1": {"penalty": lambda: kgan.R1(0.1)},
}


def centres() -> np.ndarray:
    """Returns the middles of the modes, `(8, 2)`."""
    angles = 2 * np.pi * np.arange(MODES) / MODES
    return RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def points(count: int, seed: int) -> np.ndarray:
    """Returns points of the ring, `(count, 2)` float32."""
    rng = np.random.default_rng(seed)
    return (centres()[rng.integers(MODES, size=count)] + DEVIATION * rng.normal(size=(count, 2))).astype("float32")


def modes_reached(samples: np.ndarray) -> int:
    """Returns how many modes have at least a hundredth of the samples within 3 deviations of their middles."""
    distances = np.linalg.norm(samples[:, None] - centres(), axis=2)
    close = distances.min(axis=1) <= NEAR * DEVIATION
    if not close.any():
        return 0
    histogram = kgan.metrics.mode_histogram(distances.argmin(axis=1)[close], MODES)
    return int((histogram >= len(samples) / 100).sum())


def mlp(inputs: int, outputs: int) -> keras.Model:
    """Returns a network of two hidden layers."""
    hidden = [keras.layers.Dense(UNITS, activation="relu") for _ in range(2)]
    return keras.Sequential([keras.Input((inputs,)), *hidden, keras.layers.Dense(outputs)])


def build(critic_rate: float = RATE, penalty: Any = None) -> kgan.GAN:
    """Returns the model, compiled with these rules; the loss is the non-saturating one."""
    keras.utils.set_random_seed(SEED)
    gan = kgan.GAN(mlp(LATENT_DIM, 2), mlp(2, 1), LATENT_DIM, seed=SEED)
    optimizers = [keras.optimizers.Adam(rate, beta_1=0.5) for rate in (RATE, critic_rate)]
    # The steps are so small that Python's share of them would be most of the time.
    gan.compile(*optimizers, penalty=penalty and penalty(), steps_per_execution=AT_ONCE)
    return gan


def train(rules: dict[str, Any], steps: tuple[int, ...] = STEPS) -> list[np.ndarray]:
    """Trains by these rules and returns samples `(512, 2)` after each of these numbers of steps."""
    gan = build(**rules)
    stream = tf.data.Dataset.from_tensor_slices(points(2**17, SEED)).shuffle(2**17, seed=SEED).repeat()
    stream = stream.batch(BATCH_SIZE)
    taken, done = [], 0
    for step in steps:
        gan.fit(stream.skip(done), steps_per_epoch=step - done, epochs=1, verbose=0)
        taken.append(np.array(gan.generator(gan.latents(tf.range(SHOWN, dtype="int64")))))
        done = step
    return taken


def main() -> None:
    """Trains by all rules and writes what was sampled."""
    # On one core, as the caption says; networks of this size gain nothing by more.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    found = {}
    for name, rules in RULES.items():
        samples = train(rules)
        print(name, {step: modes_reached(taken) for step, taken in zip(STEPS, samples, strict=True)}, flush=True)
        found[name] = [np.round(taken, 3).tolist() for taken in samples]
    RESULTS.write_text(json.dumps({"steps": STEPS, "samples": found}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
