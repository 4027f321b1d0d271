"""The dcgan app's recipe beside TensorFlow's DCGAN tutorial on MNIST, minute for minute, as one picture.

    python benchmarks/tutorial.py --minutes 10 --out tutorial.png

Both are trained in this one process, in turns of half a minute, until each has had its minutes, so that a busy machine
slows both alike. Left: the tutorial (BatchNorm, cross-entropy, Adam 1e-4, batches of 256); right: the app's defaults.
"""

import argparse
import inspect
import os
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import kgan
from kgan.apps import dcgan as app

TURN = 30.0


def tutorial_networks() -> tuple[keras.Model, keras.Model]:
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


def tutorial() -> kgan.GAN:
    """Returns the tutorial's model and rules; its simultaneous update is taken in turns here."""
    gan = kgan.GAN(*tutorial_networks(), latent_dim=100)
    gan.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4), loss="non_saturating")
    return gan


def trainer(gan: kgan.GAN, images: kgan.data.ImageSet, batch_size: int) -> Iterator[None]:
    """Yields after each training step."""
    stream = iter(images.batches(batch_size, repeat=True))
    step: Callable = tf.function(lambda batch: gan.train_step(batch))
    while True:
        step(next(stream))
        yield


def main() -> None:
    """Trains both and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--out", default="tutorial.png")
    given = parser.parse_args()
    keras.utils.set_random_seed(0)
    images = kgan.data.open_images(given.data)
    defaults = {name: parameter.default for name, parameter in inspect.signature(app.train).parameters.items()}
    options = inspect.signature(app.build).parameters.keys() & defaults.keys()
    ours = app.build(images.image_shape, **{name: defaults[name] for name in options})
    gans = {"tutorial": (tutorial(), 256), "dcgan app": (ours, defaults["batch_size"])}
    trainers = {name: trainer(gan, images, size) for name, (gan, size) in gans.items()}
    spent, steps = dict.fromkeys(gans, 0.0), dict.fromkeys(gans, 0)
    for each in trainers.values():
        # The first step compiles the graph; neither is charged for it.
        next(each)
    while min(spent.values()) < given.minutes * 60:
        for name, each in trainers.items():
            turn, start = min(TURN, given.minutes * 60 - spent[name]), time.monotonic()
            while time.monotonic() - start < turn:
                next(each)
                steps[name] += 1
            spent[name] += time.monotonic() - start
    for name, (_, size) in gans.items():
        print(f"{name}: {spent[name] / 60:.1f} minutes, {steps[name] * size:,} images")
    grids = [kgan.pixels.grid(gan.sample(100), columns=10) for gan, _ in gans.values()]
    gap = np.full((grids[0].shape[0], 12, 1), 255, np.uint8)
    kgan.pixels.save_png(given.out, np.concatenate([grids[0], gap, grids[1]], axis=1))
    print(given.out)


if __name__ == "__main__":
    main()
