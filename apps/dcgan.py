"""DCGAN: images from noise, small and quick; MNIST by default.

Paper: Radford et al. 2016 for the shape of the networks. Not for the rest: without normalization, with few channels
and a feature map at the picture's own size, the non-saturating loss with R1 (Mescheder et al. 2018) every fourth step,
Adam at a high rate without momentum, batches of 32 and an averaged generator, which gets furthest in minutes on a CPU.
Data: MNIST by tensorflow-datasets; any other set of it by name, a folder of images, or `synthetic`.
Hardware and time: two CPU cores; legible digits after 2 minutes, 10 are good. docs/measurements.md says what to expect.
"""

import sys
from pathlib import Path
from typing import Any, Literal

import keras

import kgan
from kgan.networks import dcgan
from kgan.runs import Run, fit

EPOCHS = 20
FOLDER_SIZE = 64


def train(
    *,
    data: str = "mnist",
    epochs: int | None = None,
    minutes: float | None = None,
    batch_size: int = 32,
    size: int | None = None,
    width: int = 32,
    latent_dim: int = 64,
    loss: str = "non_saturating",
    r1_weight: float = 1.0,
    learning_rate: float = 2e-3,
    ema_decay: float = 0.999,
    precision: Literal["float32", "bfloat16", "float16"] = "float32",
    xla: bool = False,
    skip_broken: bool = False,
    seed: int = 0,
    out: Path | None = None,
    run: Run | None = None,
) -> Run:
    """Train a DCGAN on MNIST, another image set or a folder of images, and publish it.

    Args:
        data: A TFDS name, a folder of images, or `synthetic` (digits drawn here, offline).
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
    # A run is resumed from wherever its user happens to be.
    data = str(Path(data).expanduser().resolve()) if Path(data).expanduser().is_dir() else data
    run = run or Run.new("dcgan", locals(), out)
    images = _open(data, size, skip_broken)
    model = run.restore()
    if model is None:
        keras.utils.set_random_seed(seed)
        keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")
        model = build(
            images.image_shape,
            width=width,
            latent_dim=latent_dim,
            loss=loss,
            r1_weight=r1_weight,
            learning_rate=learning_rate,
            ema_decay=ema_decay,
            xla=xla,
            seed=seed,
        )
    epochs = EPOCHS if epochs is None and minutes is None else epochs
    pictures = kgan.SampleGrid(run.samples)
    fit(run, model, images, batch_size=batch_size, epochs=epochs, minutes=minutes, seed=seed, callbacks=[pictures])
    pictures.save_gif(run.path / "training.gif")
    print(
        f"published {kgan.export(model, run.path / 'savedmodel')}; draw from it: kgan sample {run.path}",
        file=sys.stderr,
    )
    return run


def build(
    image_shape: tuple[int, int, int],
    *,
    width: int,
    latent_dim: int,
    loss: str,
    r1_weight: float,
    learning_rate: float,
    ema_decay: float,
    xla: bool,
    seed: int,
) -> kgan.GAN:
    """Returns the compiled model for images of this shape; the options are those of `train`."""
    small: dict[str, Any] = {"normalization": "none", "full_resolution": True, "init_stddev": None}
    model = kgan.GAN(
        dcgan.generator(latent_dim, image_shape, width, kernel_size=3, upsampling="resize", slope=0.2, **small),
        dcgan.discriminator(image_shape, width, kernel_size=3, **small),
        latent_dim,
        ema_decay=ema_decay,
        seed=seed,
    )
    model.compile(
        keras.optimizers.Adam(learning_rate, beta_1=0.0, beta_2=0.99, epsilon=1e-8),
        keras.optimizers.Adam(learning_rate, beta_1=0.0, beta_2=0.99, epsilon=1e-8),
        loss=loss,
        penalty=kgan.R1(r1_weight, every=4),
        jit_compile=xla,
    )
    return model


def _open(data: str, size: int | None, skip_broken: bool) -> kgan.data.ImageSet:
    if size is None and Path(data).is_dir():
        size = FOLDER_SIZE
    images = kgan.data.open_images(data, image_size=size, skip_broken=skip_broken, progress=_show)
    for name, reason in images.skipped.items():
        print(f"left out {name}: {reason}", file=sys.stderr)
    return images


def _show(doing: str, done: int, total: int) -> None:
    print(f"{doing}: {done:,} of {total:,}", file=sys.stderr)
