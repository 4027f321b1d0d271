"""DCGAN: images from noise, small and quick; MNIST by default.

Paper: Radford et al. 2016 for the pair of networks.
"""

from pathlib import Path
from typing import Literal

import keras

import kgan
from kgan.data import open_images
from kgan.monitors import SampleGrid, training_gif
from kgan.networks import dcgan
from kgan.runs import Run, fit


def train(
    *,
    data: str = "mnist",
    epochs: int | None = None,
    minutes: float | None = None,
    batch_size: int = 64,
    size: int | None = None,
    width: int = 32,
    latent_dim: int = 64,
    loss: str = "non_saturating",
    r1_weight: float = 5.0,
    learning_rate: float = 1e-3,
    ema_decay: float = 0.998,
    precision: Literal["float32", "bfloat16", "float16"] = "float32",
    xla: bool = False,
    skip_broken: bool = False,
    seed: int = 0,
    out: Path | None = None,
    run: Run | None = None,
) -> Run:
    """Train a DCGAN on MNIST, another image set or a folder of images, and publish it.

    Args:
        data: A TFDS name, a folder of images, or `synthetic`.
        epochs: Passes over the data; 20 if --minutes is not given either.
        minutes: Wall-clock minutes of training.
        batch_size: Images a step.
        size: Side of the images in pixels, 16 to 128; by default that of the data, 64 for a folder.
        width: Channels of the feature maps next to the picture, twice as many at each halving.
        latent_dim: Size of the noise.
        loss: An adversarial loss of kgan.losses, by name.
        r1_weight: Weight of the R1 penalty, computed every 4th step.
        learning_rate: Of both players' Adam.
        ema_decay: Decay of the averaged generator, per step.
        precision: What the networks compute in.
        xla: Compile the step with XLA.
        skip_broken: Leave out images that cannot be read.
        seed: Of the weights, the noise and the order of the data.
        out: The run's folder, by default runs/dcgan/<time>.
        run: The run to go on with (`kgan resume`).
    """
    options = dict(locals())
    run_ = run or Run.new("dcgan", options, out)
    del run_
    raise NotImplementedError
