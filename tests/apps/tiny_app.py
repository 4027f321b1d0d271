"""An app of a user's own: seconds of training on noise."""

from pathlib import Path

import keras
import numpy as np

import kgan
from kgan.runs import Run, fit


def train(
    *,
    epochs: int = 3,
    num_images: int = 64,
    minutes: float | None = None,
    out: Path | None = None,
    run: Run | None = None,
) -> Run:
    """Train on noise.

    Args:
        epochs: Passes over the noise.
        num_images: How much noise.
        minutes: Wall-clock minutes of training.
        out: The run's folder.
        run: The run to go on with.
    """
    run = run or Run.new(__file__, locals(), out)
    pixels = np.random.default_rng(0).integers(0, 256, (num_images, 16, 16, 1), dtype=np.uint8)
    model = run.restore()
    if model is None:
        keras.utils.set_random_seed(0)
        model = kgan.GAN(
            kgan.networks.dcgan.generator(8, (16, 16, 1), 4),
            kgan.networks.dcgan.discriminator((16, 16, 1), 4, normalization="none", dropout=0.2),
            latent_dim=8,
            ema_decay=0.9,
        )
        model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3), penalty=kgan.R1(1, every=3))
    data = kgan.data.ImageSet(pixels)
    pictures = kgan.SampleGrid(run.samples, num_images=4)
    fit(run, model, data, batch_size=8, epochs=epochs, minutes=minutes, callbacks=[pictures])
    return run
