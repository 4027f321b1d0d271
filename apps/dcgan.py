"""DCGAN: images from noise, small and quick; MNIST by default.

Paper: Radford et al. 2016 for the game, a convolutional pair on noise. Not for the recipe, which is what got furthest
in minutes on a CPU: no normalization, few channels and residual units in both players (`kgan.networks.residual`), the
non-saturating loss with R1 (Mescheder et al. 2018) every fourth step, Adam at a high rate without momentum and with
clipped gradients, batches of 32 and an averaged generator. The paper's own pair is `kgan.networks.dcgan`.
Data: MNIST by tensorflow-datasets; any other set of it by name, a folder of images, or `synthetic`.
Hardware and time: two CPU cores; legible digits after 1 minute, 10 are good. docs/measurements.md says what to expect.
"""

import sys
from pathlib import Path
from typing import Literal

import kgan
from kgan.apps._shared import absolute, open_images, publish, set_up, train_watched
from kgan.networks import residual
from kgan.optimizers import FusedAdam
from kgan.runs import Run

EPOCHS = 20
LARGEST_NORM = 10.0
# The penalties with the weights that suit them.
PENALTIES = {"r1": (kgan.R1, 1.0), "gradient_penalty": (kgan.GradientPenalty, 10.0)}


def train(
    *,
    data: str = "mnist",
    epochs: int | None = None,
    minutes: float | None = None,
    batch_size: int = 32,
    size: int | None = None,
    width: int = 32,
    depth: int = 2,
    latent_dim: int = 64,
    loss: str = "non_saturating",
    penalty: Literal["r1", "gradient_penalty", "none"] = "r1",
    penalty_weight: float | None = None,
    learning_rate: float = 1e-3,
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
        width: Channels at half the picture's size, twice as many at each halving.
        depth: Residual units at each size.
        latent_dim: Size of the noise.
        loss: An adversarial loss of kgan.losses, by name.
        penalty: What keeps the critic smooth, computed every 4th step; the Wasserstein loss wants gradient_penalty.
        penalty_weight: Its weight; by default 1 for r1, 10 for gradient_penalty.
        learning_rate: Of both players' Adam.
        ema_decay: Decay of the averaged generator, per step.
        precision: What the networks compute in.
        xla: Compile the step with XLA.
        skip_broken: Leave out images that cannot be read.
        seed: Of the weights, the noise and the order of the data.
        out: The run's folder, by default runs/dcgan/<time>.
        run: The run to go on with (`kgan resume`).
    """
    data = absolute(data)
    run = run or Run.new("dcgan", locals(), out)
    images = open_images(data, size, skip_broken)
    held_out = kgan.data.open_held_out(data, images, skip_broken=skip_broken)
    model = run.restore()
    if model is None:
        set_up(seed, precision)
        model = build(
            images.image_shape,
            width=width,
            depth=depth,
            latent_dim=latent_dim,
            loss=loss,
            penalty=penalty,
            penalty_weight=penalty_weight,
            learning_rate=learning_rate,
            ema_decay=ema_decay,
            xla=xla,
            seed=seed,
        )
    epochs = EPOCHS if epochs is None and minutes is None else epochs
    train_watched(run, model, images, held_out, batch_size=batch_size, epochs=epochs, minutes=minutes, seed=seed)
    print(f"published {publish(run)}; draw from it: kgan sample {run.path}", file=sys.stderr)
    return run


def build(
    image_shape: tuple[int, int, int],
    *,
    width: int,
    depth: int,
    latent_dim: int,
    loss: str,
    penalty: str,
    penalty_weight: float | None,
    learning_rate: float,
    ema_decay: float,
    xla: bool,
    seed: int,
) -> kgan.GAN:
    """Returns the compiled model for images of this shape; the options are those of `train`."""
    model = kgan.GAN(
        residual.generator(latent_dim, image_shape, width, depth),
        residual.discriminator(image_shape, width, depth),
        latent_dim,
        ema_decay=ema_decay,
        seed=seed,
    )
    model.compile(
        steady_adam(learning_rate),
        steady_adam(learning_rate),
        loss=loss,
        penalty=penalty_of(penalty, penalty_weight),
        jit_compile=xla,
    )
    return model


def steady_adam(learning_rate: float) -> FusedAdam:
    """Returns Adam without momentum, its gradients clipped where they leap."""
    # A norm that healthy steps stay below. One step of an exponential loss such as KL's can be a million times as
    # large, and Adam, which divides by the mean square of the past, would hardly move for hundreds of steps.
    return FusedAdam(learning_rate, beta_1=0.0, beta_2=0.99, epsilon=1e-8, global_clipnorm=LARGEST_NORM)


def penalty_of(name: str, weight: float | None) -> kgan.penalties.Penalty | None:
    """Returns the penalty of this name and weight, computed every 4th step, or None for `none`."""
    if name == "none":
        return None
    kind, default = PENALTIES[name]
    return kind(default if weight is None else weight, every=4)
