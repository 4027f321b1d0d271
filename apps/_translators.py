"""What pix2pix and CycleGAN do alike: open two sides, hold some images out, train under watch, publish."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import kgan
from kgan.apps._shared import fit_watched, publish, say_left_out, show_progress
from kgan.data import ImageSet, Jitter, PairedImages, UnpairedImages, has_split
from kgan.data.sources import as_folder
from kgan.errors import InputError
from kgan.estimate import end_if_dry
from kgan.finetuning import starting_rate
from kgan.optimizers import FusedAdam
from kgan.runs import Run, check_budget
from kgan.schedules import LinearDecay
from kgan.workers import is_chief

# The papers' size, how far they enlarge images before they cut them, and epochs.
SIZE = 256
ENLARGE = 286 / 256
EPOCHS = 200
VALIDATION, TEST = "val", "test"
# What of the training images a source without a validation split gives up for it.
HELD_OUT_SHARE = 0.1
LEAST_HELD_OUT = 2
MOST_HELD_OUT = 200

Sides = PairedImages | UnpairedImages


def open_sides(
    opener: Callable[..., Sides], data: str, size: int | None, enlarge: float | None, skip_broken: bool, **options: Any
) -> tuple[Sides, Sides, Sides]:
    """Opens the images to train on, those to choose the best model by, and those to show; says which these are.

    A model is never chosen by the test split, which is left to say afterwards how good the chosen one is.

    Args:
        opener: `kgan.data.open_pairs` or `kgan.data.open_domains`.
        data: What it opens.
        size: Side of the images; None for 256, or of drawn ones their own.
        enlarge: Of the training images' jitter; 1 for none; None for the papers', or of drawn ones none, for enlarging
            blurs edges, and theirs lie on pixels.
        skip_broken: Whether files that cannot be read are left out.
        **options: Of the opener.

    Returns:
        The training images, jittered; the validation split, `val`, or where there is none a tenth of the training
        images, taken from them; and the test split, or where there is none the validation images again.

    Raises:
        InputError: As the opener does, or if there are too few images to hold some out.
    """
    if enlarge is None:
        enlarge = 1.0 if _is_drawn(data) else ENLARGE
    size = size or (None if _is_drawn(data) else SIZE)
    jitter = None if enlarge == 1.0 else Jitter(enlarge)
    opened = partial(opener, data, image_size=size, skip_broken=skip_broken, progress=show_progress, **options)
    images = opened(jitter=jitter)
    say_left_out(images)
    if has_split(data, VALIDATION):
        validation, source = opened(split=VALIDATION), "the val split"
        say_left_out(validation)
    else:
        (images, validation), source = split_off(images), "held out of the training images"
    shown, theirs = validation, "these"
    if has_split(data, TEST):
        shown, theirs = opened(split=TEST), "the test split"
        say_left_out(shown)
    print(
        f"training on {_amount(images)}; the best model is chosen by {_amount(validation)}, {source}; the pictures "
        f"show {theirs}",
        file=sys.stderr,
    )
    return images, validation, shown


def split_off(images: Sides) -> tuple[Sides, Sides]:
    """Returns all but a tenth of the images, and that tenth, at most 200, without jitter: the same ones every time.

    Raises:
        InputError: If there are fewer than four on a side.
    """
    kind = type(images)
    rows_a, rows_b = _split_rows(images.a), _split_rows(images.b)
    train, test = (kind(images.a.part(a), images.b.part(b)) for a, b in zip(rows_a, rows_b, strict=True))
    train.jitter = images.jitter
    return train, test


def decay(model: kgan.Adversarial, learning_rate: float | None, total_steps: int | None) -> None:
    """Lets both players' learning rates go to 0 over the second half of the steps; not at all if their number is open.

    Done to a restored model too, whose training may be meant to last longer by now.

    Args:
        model: Compiled.
        learning_rate: Of the first half; None for what each player began with.
        total_steps: Of the whole training, or None.
    """
    if total_steps is None:
        print("the learning rate stays as it is: with --minutes alone the last epoch is open", file=sys.stderr)
        return
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        first = starting_rate(optimizer) if learning_rate is None else learning_rate
        optimizer.learning_rate = LinearDecay(first, total_steps)


def steps_of(images: Sides, batch_size: int, epochs: int | None) -> int | None:
    """Returns how many steps the epochs have, at least 1; None if there is no number of epochs."""
    return None if epochs is None else max(epochs * (len(images) // max(batch_size, 1)), 1)


def adam(learning_rate: float) -> FusedAdam:
    """Returns the optimizer of both papers."""
    return FusedAdam(learning_rate, beta_1=0.5, epsilon=1e-8)


def train_translator(
    run: Run,
    model: kgan.Adversarial,
    images: Sides,
    validation: Sides,
    shown: Sides,
    *,
    batch_size: int,
    epochs: int | None,
    minutes: float | None,
    **options: Any,
) -> None:
    """Trains under watch, and publishes the model that is best by the validation images.

    Args:
        run: Where it all goes.
        model: A compiled model.
        images: What it is trained on.
        validation: What it is judged by.
        shown: What the pictures show.
        batch_size: Images of each side a step.
        epochs: Passes over the data.
        minutes: Of training.
        **options: Of `kgan.runs.fit`.
    """
    # What cannot be is told of before anything is made.
    check_budget(batch_size, epochs, minutes)
    end_if_dry(model, images.batches(batch_size), len(images) // batch_size, epochs, minutes)
    if is_chief() and not (run.path / "options.json").exists():
        # Before the scorer writes there: a training that is killed by then can be resumed. Those that are
        # there already are rewritten by `fit` alone, once it has the run's lock.
        run.write_options()
    pictures = kgan.TranslationGrid(run.samples, shown)
    make_scorer = partial(
        kgan.evaluation.default_translation_scorer, images, validation, file=run.path / "domain-classifier.keras"
    )
    budget: dict[str, Any] = {"batch_size": batch_size, "epochs": epochs, "minutes": minutes}
    fit_watched(run, model, images, validation, pictures, make_scorer, **budget, **options)
    published = publish(run)
    print(f"published {published}; translate with it: kgan translate {run.path} IN OUT", file=sys.stderr)


def _split_rows(images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
    """Returns the rows to train on and those to hold out: drawn from their number alone, so that pairs stay pairs."""
    count = min(max(round(HELD_OUT_SHARE * len(images)), LEAST_HELD_OUT), MOST_HELD_OUT)
    if len(images) < 2 * count:
        raise InputError(
            f"{images.name}: {len(images)} images are too few to hold {count} out; add images, or a val split."
        )
    rows = np.random.default_rng(0).permutation(len(images))
    return np.sort(rows[count:]), np.sort(rows[:count])


def _amount(images: Sides) -> str:
    if isinstance(images, PairedImages):
        return f"{len(images):,} pairs"
    return f"{len(images.a):,} images of A and {len(images.b):,} of B"


def _is_drawn(data: str) -> bool:
    return as_folder(data) is None and data.split("/")[0] == "synthetic"
