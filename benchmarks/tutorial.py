"""TensorFlow's DCGAN tutorial as an app, to compare with: the same data, run folder and scores as kgan's own.

    kgan train benchmarks/tutorial.py --minutes 10

Networks and rules of tensorflow.org/tutorials/generative/dcgan: BatchNorm, cross-entropy, Adam 1e-4, batches of 256.
Two things differ: the players move in turns, where the tutorial moves both at once, and the best checkpoint by score
is kept, where the tutorial keeps the last.
"""

from pathlib import Path

import keras
from keras import layers

import kgan
from kgan.runs import Run, fit


def train(
    *,
    data: str = "mnist",
    minutes: float | None = 10.0,
    epochs: int | None = None,
    batch_size: int = 256,
    seed: int = 0,
    out: Path | None = None,
    run: Run | None = None,
) -> Run:
    """Train the tutorial's DCGAN.

    Args:
        data: As of `kgan train dcgan`.
        minutes: Wall-clock minutes of training.
        epochs: Passes over the data.
        batch_size: Images a step.
        seed: Of the weights, the noise and the order of the data.
        out: The run's folder.
        run: The run to go on with.
    """
    run = run or Run.new(__file__, locals(), out)
    images = kgan.data.open_images(data)
    model = run.restore()
    if model is None:
        keras.utils.set_random_seed(seed)
        model = kgan.GAN(*networks(), latent_dim=100, seed=seed)
        model.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4), loss="non_saturating")
    callbacks = [kgan.SampleGrid(run.samples), kgan.ScoreMonitor(kgan.evaluation.default_scorer(images), run.best)]
    fit(run, model, images, batch_size=batch_size, epochs=epochs, minutes=minutes, seed=seed, callbacks=callbacks)
    return run


def networks() -> tuple[keras.Model, keras.Model]:
    """Returns the pair of tensorflow.org/tutorials/generative/dcgan."""
    generator = keras.Sequential(
        [
            keras.Input((100,)),
            layers.Dense(7 * 7 * 256, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Reshape((7, 7, 256)),
            layers.Conv2DTranspose(128, 5, strides=1, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(64, 5, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(1, 5, strides=2, padding="same", use_bias=False, activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 5, strides=2, padding="same"),
            layers.LeakyReLU(),
            layers.Dropout(0.3),
            layers.Conv2D(128, 5, strides=2, padding="same"),
            layers.LeakyReLU(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    return generator, discriminator
