"""Anime faces: 64x64 in colour, and from words, "blue hair, red eyes", where the pictures have tags.

Papers: DCGAN's game (Radford et al. 2016) in the residual pair of `kgan.networks.residual`, with R1 (Mescheder et al.
2018), an averaged generator, mirroring, and ADA (Karras et al. 2020), which lets the critic see pictures as they are
until it overfits. With tags: an auxiliary classifier that learns from real faces alone (StarGAN; Choi et al. 2018).
Data: a folder of pictures; with a tags.csv in it (file,hair,eyes: a word each) the words become prompts. Without one, a
TFDS name, or `synthetic/faces`, drawn here with tags.
Tried on 6,000 real faces, judged after 24,000 to 34,000 images: DiffAugment from the start (its critic stays near
chance, the faces blurred); R1 of 0.05 (no better); a projection critic with mismatched words (hair follows the prompt,
eyes in half of the faces after 85,000 images); a classifier that learns from fakes too, at 1 (grainy) and at 0.1 (eyes
in 40 %), against 88 % by this one at that time.
Hardware and time: one core of two, 40 minutes for 129,000 images (docs/measurements.md).
"""

import sys
from pathlib import Path
from typing import Any, Literal

import kgan
from kgan.apps._shared import absolute, open_images, publish, say_left_out, set_up, show_progress, train_watched
from kgan.apps.dcgan import penalty_of, steady_adam
from kgan.conditions import occurring
from kgan.data import ConditionedImages, ImageSet, Tags
from kgan.networks import conditional, residual
from kgan.runs import Run

EPOCHS = 100


def train(
    *,
    data: str = "synthetic/faces",
    epochs: int | None = None,
    minutes: float | None = None,
    batch_size: int = 32,
    size: int = 64,
    width: int = 32,
    depth: int = 1,
    latent_dim: int = 128,
    words: bool = True,
    conditioning: Literal["projection", "concatenation", "auxiliary"] = "auxiliary",
    mismatch: float | None = None,
    classification_weight: float = 0.3,
    loss: str = "non_saturating",
    penalty: Literal["r1", "gradient_penalty", "none"] = "r1",
    penalty_weight: float | None = None,
    augment: Literal["none", "diffaugment", "ada"] = "ada",
    flip: bool = True,
    learning_rate: float = 1e-3,
    ema_decay: float = 0.999,
    precision: Literal["float32", "bfloat16", "float16"] = "float32",
    xla: bool = False,
    skip_broken: bool = False,
    seed: int = 0,
    out: Path | None = None,
    run: Run | None = None,
) -> Run:
    """Train a GAN on anime faces, from words where they have tags, and publish it.

    Args:
        data: A folder of images, with tags.csv in it or without; a TFDS name; or `synthetic` (faces drawn here).
        epochs: Passes over the data; 100 if --minutes is not given either.
        minutes: Wall-clock minutes of training.
        batch_size: Images a step.
        size: Side of the images in pixels, 16 to 128.
        width: Channels at half the picture's size, twice as many at each halving.
        depth: Residual units at each size.
        latent_dim: Size of the noise.
        words: Whether tags, where there are any, become prompts.
        conditioning: How the critic knows the words; an auxiliary classifier names them itself.
        mismatch: Share of the fakes' loss that real images with another word have; by default 0.25, 0 beside a
            classifier.
        classification_weight: What the auxiliary classifier counts beside the game.
        loss: An adversarial loss of kgan.losses, by name.
        penalty: What keeps the critic smooth, computed every 4th step; the Wasserstein loss wants gradient_penalty.
        penalty_weight: Its weight; by default 1 for r1, 10 for gradient_penalty.
        augment: What images pass before the critic.
        flip: Mirror images half the time.
        learning_rate: Of both players' Adam.
        ema_decay: Decay of the averaged generator, per step.
        precision: What the networks compute in.
        xla: Compile the step with XLA.
        skip_broken: Leave out images that cannot be read.
        seed: Of the weights, the noise and the order of the data.
        out: The run's folder, by default runs/anime/<time>.
        run: The run to go on with (`kgan resume`).
    """
    data = absolute(data, "synthetic/faces")
    run = run or Run.new("anime", locals(), out)
    images, tags = _open(data, size, words, skip_broken)
    held_out = kgan.data.open_held_out(data, images, skip_broken=skip_broken)
    model = run.restore()
    if model is None:
        set_up(seed, precision)
        common = {"ema_decay": ema_decay, "augment": None if augment == "none" else augment, "seed": seed}
        sizes = (images.image_shape, width, depth, latent_dim)
        if mismatch is None:
            mismatch = 0.0 if conditioning == "auxiliary" else 0.25
        # A classifier that learns from fakes too can agree with the generator on signs that no real face has.
        classifier = {"classification_weight": classification_weight, "classify_fakes": False}
        worded = {"mismatch": mismatch, **classifier, **common}
        model = _plain(*sizes, common) if tags is None else _worded(tags, *sizes, conditioning, worded)
        model.compile(
            steady_adam(learning_rate),
            steady_adam(learning_rate),
            loss=loss,
            penalty=penalty_of(penalty, penalty_weight),
            jit_compile=xla,
        )
    examples = None if tags is None else ConditionedImages(images, tags.one_hot())
    epochs = EPOCHS if epochs is None and minutes is None else epochs
    budget: dict[str, Any] = {"epochs": epochs, "minutes": minutes}
    train_watched(
        run, model, images, held_out, examples=examples, batch_size=batch_size, flip=flip, seed=seed, **budget
    )
    published = publish(run)
    ask = "" if tags is None else f" --prompt {kgan.PromptEncoder(tags.attributes).example!r}"
    print(f"published {published}; ask it: kgan sample {run.path}{ask}", file=sys.stderr)
    return run


def _open(data: str, size: int, words: bool, skip_broken: bool) -> tuple[ImageSet, Tags | None]:
    if not (words and kgan.data.is_tagged(data)):
        return open_images(str(kgan.data.images_of(data)), size, skip_broken, channels=3), None
    images, tags = kgan.data.open_tagged(
        data, image_size=size, channels=3, skip_broken=skip_broken, progress=show_progress
    )
    say_left_out(images)
    return images, tags


def _plain(shape: tuple[int, int, int], width: int, depth: int, latent_dim: int, options: dict[str, Any]) -> kgan.GAN:
    return kgan.GAN(
        residual.generator(latent_dim, shape, width, depth),
        residual.discriminator(shape, width, depth),
        latent_dim,
        **options,
    )


def _worded(
    tags: Tags,
    shape: tuple[int, int, int],
    width: int,
    depth: int,
    latent_dim: int,
    conditioning: Literal["projection", "concatenation", "auxiliary"],
    options: dict[str, Any],
) -> kgan.ConditionalGAN:
    encoder = kgan.PromptEncoder(tags.attributes)
    columns = sum(encoder.groups)
    return kgan.ConditionalGAN(
        conditional.generator(latent_dim, columns, shape, width, depth),
        conditional.discriminator(shape, columns, width, depth, conditioning=conditioning),
        latent_dim,
        groups=encoder.groups,
        prior=occurring(*tags.values.values()),
        encoder=encoder,
        **options,
    )
