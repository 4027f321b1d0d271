"""InfoGAN: digits whose class, slant and stroke width are found without a label; MNIST by default.

Paper: Chen et al. 2016 for the game and the codes, 62 numbers of noise, one of 10 values, and 2 x U(-1, 1).
Beyond the paper: each code is read through random distortions of what it is not to be, so that a slant cannot pass for
a class; and the class that Q reads must agree between two distortions of a real image, as in clustering without labels
(`kgan.codes.agreement`). So the game is told that a digit leaning, turned or bolder is the same digit. `--no-channels`
is the paper's game.
Data: MNIST by tensorflow-datasets, another image set, a folder of images, or `synthetic`, digits of known factors.
Hardware and time: one core of two, 18 minutes for 660,000 images. docs/measurements.md says how well it does.
"""

import sys
from pathlib import Path
from typing import Literal

import numpy as np

import kgan
from kgan import pixels
from kgan.apps._shared import absolute, open_images, publish, set_up, train_watched
from kgan.codes import Categorical, Code, Continuous, Distortion
from kgan.evaluation.codes import describe_codes
from kgan.networks import residual
from kgan.optimizers import FusedAdam
from kgan.runs import Run

# How many images training sees if nothing is said: eleven epochs of MNIST.
IMAGES = 660_000
NOISE_DIM = 62
# A continuous code's traversal goes twice as far as it was trained on.
REACH = 2.0
ROWS, COLUMNS = 8, 10
# The authors' code for MNIST has half the squared error, which would be a weight of STD squared, 0.09.
STD = 0.3
CONTINUOUS_WEIGHT = 0.2


def train(
    *,
    data: str = "mnist",
    epochs: int | None = None,
    minutes: float | None = None,
    batch_size: int = 32,
    size: int | None = None,
    width: int = 16,
    depth: int = 1,
    categories: int = 10,
    channels: bool = True,
    shift: float = 0.08,
    warmup: int = 150_000,
    learning_rate: float = 1e-3,
    ema_decay: float = 0.999,
    precision: Literal["float32", "bfloat16", "float16"] = "float32",
    xla: bool = False,
    skip_broken: bool = False,
    seed: int = 0,
    out: Path | None = None,
    run: Run | None = None,
) -> Run:
    """Train an InfoGAN on MNIST, another image set or a folder of images, say what its codes do, and publish it.

    Args:
        data: A TFDS name, a folder of images, or `synthetic` (digits drawn here, offline).
        epochs: Passes over the data; without --minutes either, as many as make 660,000 images, 11 of MNIST.
        minutes: Wall-clock minutes of training.
        batch_size: Images a step.
        size: Side of the images in pixels, 16 to 128; by default that of the data, 64 for a folder.
        width: Channels at half the picture's size, twice as many at each halving.
        depth: Residual units at each size.
        categories: Values of the categorical code.
        channels: Read each code through distortions of what it is not to be, and the class alike in two distortions of
            a real image; without, from generated images as they are, which is the paper's game.
        shift: How far the channels move an image, in shares of its side; at least twice as far as the things in the
            pictures stray from the middle, else their place can pass for a class.
        warmup: Images in which the class code comes to count, with --channels.
        learning_rate: Of both players' Adam.
        ema_decay: Decay of the averaged generator, per step.
        precision: What the networks compute in.
        xla: Compile the step with XLA.
        skip_broken: Leave out images that cannot be read.
        seed: Of the weights, the noise and the order of the data.
        out: The run's folder, by default runs/infogan/<time>.
        run: The run to go on with (`kgan resume`).
    """
    data = absolute(data)
    run = run or Run.new("infogan", locals(), out)
    images = open_images(data, size, skip_broken)
    held_out = kgan.data.open_held_out(data, images, skip_broken=skip_broken)
    model = run.restore()
    if model is None:
        set_up(seed, precision)
        model = build(
            images.image_shape,
            width=width,
            depth=depth,
            categories=categories,
            warmup=warmup // batch_size if channels else None,
            shift=shift,
            learning_rate=learning_rate,
            ema_decay=ema_decay,
            xla=xla,
            seed=seed,
        )
    if epochs is None and minutes is None:
        epochs = max(round(IMAGES / len(images)), 1)
    train_watched(run, model, images, held_out, batch_size=batch_size, epochs=epochs, minutes=minutes, seed=seed)
    model = run.load_model()
    published = publish(run)
    draw_codes(model, run.path / "codes")
    report = describe_codes(model, images, held_out)
    report.save(run.path / "codes")
    print(report.text(), end="")
    print(f"published {published}; draw from it: kgan sample {run.path}", file=sys.stderr)
    return run


def build(
    image_shape: tuple[int, int, int],
    *,
    width: int,
    depth: int,
    categories: int,
    warmup: int | None,
    shift: float,
    learning_rate: float,
    ema_decay: float,
    xla: bool,
    seed: int,
) -> kgan.InfoGAN:
    """Returns the compiled model for images of this shape; the options are those of `train` and `make_codes`."""
    codes = make_codes(categories, warmup, shift)
    body = residual.body(image_shape, width, depth)
    model = kgan.InfoGAN(
        residual.generator(NOISE_DIM + sum(code.size for code in codes), image_shape, width, depth),
        body,
        residual.head(body, 1, name="critic_head"),
        residual.head(body, sum(code.answers for code in codes), hidden=128, name="posterior"),
        codes,
        NOISE_DIM,
        ema_decay=ema_decay,
        seed=seed,
    )
    model.compile(
        FusedAdam(learning_rate, beta_1=0.0, beta_2=0.99, epsilon=1e-8),
        FusedAdam(learning_rate, beta_1=0.0, beta_2=0.99, epsilon=1e-8),
        penalty=kgan.R1(1.0, every=4),
        jit_compile=xla,
    )
    return model


def make_codes(categories: int, warmup: int | None, shift: float = 0.08) -> tuple[Code, ...]:
    """Returns the codes, one of a class and two of numbers.

    Args:
        categories: Values of the categorical one.
        warmup: Critic updates in which it comes to count; None for codes that are read without channels.
        shift: How far the channels move an image, in shares of its side.
    """
    if warmup is None:
        return Categorical(categories), *(Continuous(STD**2, std=STD) for _ in range(2))
    move = {"zoom": 0.15, "stretch": 0.15, "shift": shift}
    anything = Distortion(shear=0.6, turn=0.3, zoom=0.3, stretch=0.3, shift=shift, thicken=0.7)
    return (
        Categorical(categories, channel=anything, warmup=warmup, agreement=1.0),
        # A turn changes the slant too, so the code that is to be the slant is read from upright digits.
        Continuous(CONTINUOUS_WEIGHT, Distortion(thicken=0.7, **move), std=STD),
        Continuous(CONTINUOUS_WEIGHT, Distortion(shear=0.4, turn=0.4, **move), std=STD),
    )


def draw_codes(model: kgan.InfoGAN, folder: Path) -> None:
    """Draws a row for each value of a categorical code, and traversals of each continuous one, a row a seed."""
    for name, code in model.code_set.by_name.items():
        rows = code.size if isinstance(code, Categorical) else ROWS
        down, across = np.divmod(np.arange(rows * COLUMNS), COLUMNS)
        if isinstance(code, Categorical):
            latents = model.latents(across, **{name: down})
        else:
            latents = model.latents(down, **{name: np.linspace(-REACH, REACH, COLUMNS)[across]})
        pixels.save_png(folder / f"{name.replace('_', '-')}.png", pixels.grid(model(latents), columns=COLUMNS))
