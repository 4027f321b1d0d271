"""What RUN stands for where any trained model will do: a run's folder, or a published model by its folder or name."""

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from kgan.errors import InputError
from kgan.evaluation import digest_of_weights
from kgan.export import find_model, load_published, manifest
from kgan.export.loaded import digest_of_files
from kgan.runs import Run

GENERATED = Path("generated")
EVALUATION = Path("evaluation")


@dataclasses.dataclass(frozen=True)
class Opened:
    """A trained model, and where it comes from.

    Attributes:
        model: With `latents` and `model(latents)`, or with `directions` and `translate`.
        app: Which app trained it, as far as is known.
        options: What that was called with; paths in those of a published model are cut to their last names.
        generated: The folder for what it makes.
        evaluation: The folder for what is found of it.
        weights: Which of its generator's there are, `"ema"` for their average or `"raw"`; it draws with the first.
        digest: Tells which model it is.
        prefix: Of the names of files in `generated`.
    """

    model: Any
    app: str
    options: Mapping[str, Any]
    generated: Path
    evaluation: Path
    weights: tuple[str, ...]
    digest: Callable[[], str]
    prefix: str = ""


def open_trained(which: Path) -> Opened:
    """Opens a run or a published model.

    Raises:
        InputError: If it is neither.
        RunError: If it is a run without a model, or a damaged one.
    """
    if is_run(which):
        return _open_run(Run.open(which))
    try:
        version = find_model(which)
    except InputError as error:
        raise InputError(f"{which} is neither a run's folder nor a published model: {error}") from None
    return _open_published(version)


def _open_run(run: Run) -> Opened:
    model = run.load_model()
    weights = ("ema", "raw") if model.averages else ("raw",)
    generated, found = run.path / "generated", run.path / "evaluation"
    return Opened(model, run.app, run.options, generated, found, weights, partial(digest_of_weights, model))


def _open_published(version: Path) -> Opened:
    about = manifest.read(version)
    # Not from the file to train on from, which an older Keras than the one that wrote it need not be able to read.
    model = load_published(version)
    options = about["options"] or {}
    name = version.resolve().parent.name
    # Never among what is published, which a server watches, and which may be another's.
    return Opened(
        model,
        about["app"] or about["family"],
        options,
        GENERATED,
        EVALUATION / name,
        ("ema" if options.get("ema_decay", True) else "raw",),
        partial(digest_of_files, version),
        f"{name}-",
    )


def is_run(path: Path) -> bool:
    """Tells whether a path is a run's folder."""
    return path.is_dir() and ((path / "options.json").exists() or (path / "checkpoints").exists())


def is_published(path: Path) -> bool:
    """Tells whether a path is a published model's folder, or its name."""
    try:
        find_model(path)
    except InputError:
        return False
    return True
