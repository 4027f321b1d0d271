"""Conditional GAN: the digit, or the piece of clothing, that is asked for.

Papers: Mirza and Osindero 2014 for the game; the critic knows the class by projection (Miyato and Koyama 2018),
concatenation (Reed et al. 2016) or an auxiliary classifier that learns from real images alone (Choi et al. 2018), and
the generator by an embedding beside the latents or by conditional BatchNorm. The networks are the dcgan app's, and so
is the recipe but for the generator's rate, a seventh of the critic's (Heusel et al. 2017), and a weaker R1: at equal
rates the critic falls to chance, for a generator that is told the class has it easy, and what it draws drifts.
Data: MNIST by tensorflow-datasets, or any set of it with labels, such as fashion_mnist; or `synthetic`.
Hardware and time: one CPU core, 40 minutes. docs/measurements.md says what a classifier learns from its digits.
Then: kgan sample RUN --label 7.
"""

import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np

import kgan
from kgan.apps._shared import open_images, publish, set_up, train_watched
from kgan.apps.dcgan import penalty_of, steady_adam
from kgan.conditions import occurring
from kgan.data import ConditionedImages, ImageSet
from kgan.errors import InputError
from kgan.networks import conditional
from kgan.runs import Run

EPOCHS = 14
R1_WEIGHT = 0.3


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
    conditioning: Literal["projection", "concatenation", "auxiliary"] = "projection",
    norm: Literal["none", "conditional_batch"] = "none",
    mismatch: float = 0.0,
    classification_weight: float = 0.3,
    loss: str = "non_saturating",
    penalty: Literal["r1", "gradient_penalty", "none"] = "r1",
    penalty_weight: float | None = None,
    augment: Literal["none", "diffaugment", "ada"] = "none",
    learning_rate: float = 1e-3,
    generator_learning_rate: float = 1.5e-4,
    ema_decay: float = 0.999,
    precision: Literal["float32", "bfloat16", "float16"] = "float32",
    xla: bool = False,
    seed: int = 0,
    out: Path | None = None,
    run: Run | None = None,
) -> Run:
    """Train a class-conditional GAN on MNIST or another labelled image set, and publish it.

    Args:
        data: A TFDS name of a set with labels, or `synthetic` (digits drawn here, offline).
        epochs: Passes over the data; 14 if --minutes is not given either.
        minutes: Wall-clock minutes of training.
        batch_size: Images a step.
        size: Side of the images in pixels, 16 to 128; by default that of the data.
        width: Channels at half the picture's size, twice as many at each halving.
        depth: Residual units at each size.
        latent_dim: Size of the noise.
        conditioning: How the critic knows the class.
        norm: Normalization in the generator: none, or BatchNorm with the class's scale and shift.
        mismatch: Share of the fakes' loss that real images of another class have, such as 0.5.
        classification_weight: What an auxiliary classifier counts beside the game.
        loss: An adversarial loss of kgan.losses, by name.
        penalty: What keeps the critic smooth, computed every 4th step; the Wasserstein loss wants gradient_penalty.
        penalty_weight: Its weight; by default 0.3 for r1, 10 for gradient_penalty.
        augment: What images pass before the critic; worth it below some 10,000 of them.
        learning_rate: Of the critic's Adam.
        generator_learning_rate: Of the generator's.
        ema_decay: Decay of the averaged generator, per step.
        precision: What the networks compute in.
        xla: Compile the step with XLA.
        seed: Of the weights, the noise and the order of the data.
        out: The run's folder, by default runs/conditional/<time>.
        run: The run to go on with (`kgan resume`).
    """
    run = run or Run.new("conditional", locals(), out)
    images = open_images(data, size, skip_broken=False)
    classes = _labels(images)
    num_classes = int(classes.max()) + 1
    held_out = kgan.data.open_held_out(data, images)
    labelled = _labelled(images, num_classes)
    others = None if held_out is None else _labelled(held_out, num_classes)
    model = run.restore()
    if model is None:
        set_up(seed, precision)
        model = kgan.ConditionalGAN(
            conditional.generator(latent_dim, num_classes, images.image_shape, width, depth, norm=norm),
            conditional.discriminator(images.image_shape, num_classes, width, depth, conditioning=conditioning),
            latent_dim,
            groups=(num_classes,),
            prior=occurring(classes),
            mismatch=mismatch,
            classification_weight=classification_weight,
            # A classifier that learns from fakes too can agree with the generator on signs that no real image has.
            classify_fakes=False,
            ema_decay=ema_decay,
            augment=None if augment == "none" else augment,
            seed=seed,
        )
        model.compile(
            steady_adam(generator_learning_rate),
            steady_adam(learning_rate),
            loss=loss,
            penalty=penalty_of(penalty, R1_WEIGHT if penalty == "r1" and penalty_weight is None else penalty_weight),
            jit_compile=xla,
        )
    epochs = EPOCHS if epochs is None and minutes is None else epochs
    examples = {"examples": labelled, "held_out_examples": others}
    budget: dict[str, Any] = {"epochs": epochs, "minutes": minutes}
    train_watched(run, model, images, held_out, **examples, batch_size=batch_size, seed=seed, **budget)
    published = publish(run)
    print(f"published {published}; ask it: kgan sample {run.path} --label 1", file=sys.stderr)
    return run


def _labels(images: ImageSet) -> np.ndarray:
    if images.labels is None:
        raise InputError(f"{images.name} has no labels; take a labelled set, such as mnist, or kgan train dcgan.")
    return images.labels


def _labelled(images: ImageSet, num_classes: int) -> ConditionedImages:
    return ConditionedImages(images, kgan.data.one_hot(_labels(images), num_classes))
