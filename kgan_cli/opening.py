"""What RUN stands for where any trained model will do: a run's folder, or a published model by its folder or name."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kgan.errors import InputError
from kgan.export import find_model, load_published, manifest
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
        prefix: Of the names of files in `generated`.
        manifest: A published model's, see `kgan.export.manifest`; None of a run.
    """

    model: Any
    app: str
    options: Mapping[str, Any]
    generated: Path
    evaluation: Path
    prefix: str = ""
    manifest: Mapping[str, Any] | None = None


def open_trained(which: Path) -> Opened:
    """Opens a run or a published model.

    Raises:
        InputError: If it is neither.
        RunError: If it is a run without a model, or a damaged one.
    """
    if is_run(which):
        run = Run.open(which)
        return Opened(run.load_model(), run.app, run.options, run.path / "generated", run.path / "evaluation")
    try:
        version = find_model(which)
    except InputError as error:
        raise InputError(f"{which} is neither a run's folder nor a published model: {error}") from None
    return _open_published(version)


def _open_published(version: Path) -> Opened:
    about = manifest.read(version)
    # Not from the file to train on from, which an older Keras than the one that wrote it need not be able to read.
    model = load_published(version)
    app, name = about["app"] or about["family"], version.resolve().parent.name
    # Never among what is published, which a server watches, and which may be another's.
    evaluation = EVALUATION / f"{name}-{version.resolve().name}"
    return Opened(model, app, about["options"] or {}, GENERATED, evaluation, f"{name}-", about)


def is_run(path: Path) -> bool:
    """Tells whether a path is a run's folder."""
    return path.is_dir() and ((path / "options.json").exists() or (path / "checkpoints").exists())
