"""What every app does alike: opens images, sets up Keras, trains under watch."""

import importlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import keras

import kgan
from kgan.data import ImageSet, PairedImages, UnpairedImages
from kgan.devices import apart
from kgan.estimate import end_if_dry
from kgan.export import Origin
from kgan.runs import Run, fit
from kgan.workers import is_chief

FOLDER_SIZE = 64


def absolute(data: str, drawn: str = "synthetic") -> str:
    """Returns a path from the root, for a run is resumed from wherever its user happens to be; a name as it is.

    Args:
        data: A path or a name.
        drawn: The name that `synthetic` stands for in this app.
    """
    if data == "synthetic":
        return drawn
    path = Path(data).expanduser()
    there = path.is_dir() or (path.suffix.lower() == ".csv" and path.is_file())
    return str(path.resolve()) if there else data


def open_images(data: str, size: int | None, skip_broken: bool, channels: int | None = None) -> ImageSet:
    """Opens images, those of a folder at 64 pixels unless a size is given; says how far it is and what it left out."""
    if size is None and Path(data).is_dir():
        size = FOLDER_SIZE
    images = kgan.data.open_images(
        data, image_size=size, channels=channels, skip_broken=skip_broken, progress=show_progress
    )
    say_left_out(images)
    return images


def say_left_out(images: ImageSet | PairedImages | UnpairedImages) -> None:
    """Names the files that could not be read."""
    for name, reason in images.skipped.items():
        print(f"left out {name}: {reason}", file=sys.stderr)


def show_progress(doing: str, done: int, total: int) -> None:
    """Says how far reading has come."""
    print(f"{doing}: {done:,} of {total:,}", file=sys.stderr)


def set_up(seed: int, precision: str) -> None:
    """Seeds the weights of networks made from here on, and says what they compute in."""
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")


def train_watched(
    run: Run,
    model: keras.Model,
    images: ImageSet,
    held_out: ImageSet | None,
    *,
    examples: Any = None,
    held_out_examples: Any = None,
    guard: kgan.CopyGuard | None = None,
    batch_size: int,
    epochs: int | None,
    minutes: float | None,
    **options: Any,
) -> None:
    """Trains with pictures, scores and health, keeps the best model, and sums up.

    Args:
        run: Where it all goes.
        model: A compiled model.
        images: The training images, for the scores.
        held_out: Others, or None.
        examples: What the model is trained on, if that is more than the images.
        held_out_examples: The same of the others, for the health; without `examples` they are `held_out`.
        guard: Watches for copies, or None.
        batch_size: Images a step.
        epochs: Passes over the data, or None.
        minutes: Of training, or None.
        **options: Of `kgan.runs.fit`.
    """
    others = held_out if examples is None else held_out_examples
    examples = images if examples is None else examples
    budget: dict[str, Any] = {"batch_size": batch_size, "epochs": epochs, "minutes": minutes}
    end_if_dry(model, examples.batches(batch_size), len(examples) // batch_size, epochs, minutes)
    make_scorer = partial(kgan.evaluation.default_scorer, images, held_out)
    pictures = kgan.SampleGrid(run.samples)
    fit_watched(run, model, examples, others, pictures, make_scorer, guard=guard, images=images, **budget, **options)


def publish(run: Run) -> Path:
    """Publishes a run's best model in the run itself, with where it comes from; returns the version's path."""
    return kgan.export(run.load_model(), run.path / "savedmodel", Origin.of(run))


def fit_watched(
    run: Run,
    model: keras.Model,
    data: Any,
    others: Any,
    pictures: kgan.SampleGrid,
    make_scorer: Callable[[], Any],
    *,
    guard: kgan.CopyGuard | None = None,
    images: ImageSet | None = None,
    **options: Any,
) -> None:
    """Trains under watch, makes a film of the pictures, and sums up.

    Args:
        run: Where it all goes.
        model: A compiled model.
        data: What it is trained on.
        others: The same that it is not trained on, for the health, or None.
        pictures: Draws after every epoch.
        make_scorer: Makes what says which epoch is best; see `kgan.ScoreMonitor`.
        guard: Watches for copies, or None.
        images: The training images, for the report's neighbours; of translators None.
        **options: Of `kgan.runs.fit`.
    """
    if not is_chief():
        # The chief watches for all workers; the others do not come back.
        fit(run, model, data, **options)
    scores = kgan.ScoreMonitor(apart(make_scorer), run.best, guard=guard)
    health = kgan.HealthMonitor(data, others, path=run.path / "health.jsonl")
    # The guard before the scores, which keep no model that copies.
    watching = [pictures, *([] if guard is None else [guard]), scores, health]
    fit(run, model, data, callbacks=watching, **options)
    pictures.save_gif(run.path / "training.gif")
    # Nothing was left to train if the run was killed after its last step.
    if scores.model is not None:
        print(f"{health.summary()}\n{scores.summary()}", file=sys.stderr)
    written = kgan.report.write(run.path, defaults=_defaults(run.app), images=images)
    print(f"report: {written}", file=sys.stderr)


def _defaults(app: str) -> dict[str, Any] | None:
    # Of a user's own file they are not known here.
    return None if app.endswith(".py") else kgan.report.defaults_of(importlib.import_module(f"kgan.apps.{app}").train)
