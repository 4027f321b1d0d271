"""What RUN stands for where any trained model will do: a run's folder, or a published model by its folder or name."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kgan.errors import InputError
from kgan.export import find_model, load_published, manifest
from kgan.runs import Run

GENERATED = Path("generated")


@dataclasses.dataclass(frozen=True)
class Opened:
    """A trained model, and where it comes from.

    Attributes:
        model: With `latents` and `model(latents)`, or with `directions` and `translate`.
        app: Which app trained it, as far as is known.
        options: What that was called with; paths in those of a published model are cut to their last names.
        generated: The folder for what it makes.
        prefix: Of the names of files in it.
    """

    model: Any
    app: str
    options: Mapping[str, Any]
    generated: Path
    prefix: str = ""


def open_trained(which: Path) -> Opened:
    """Opens a run or a published model.

    Raises:
        InputError: If it is neither.
        RunError: If it is a run without a model, or a damaged one.
    """
    if _is_run(which):
        run = Run.open(which)
        return Opened(run.load_model(), run.app, run.options, run.path / "generated")
    try:
        version = find_model(which)
    except InputError as error:
        raise InputError(f"{which} is neither a run's folder nor a published model: {error}") from None
    about = manifest.read(version)
    # Not from the file to train on from, which an older Keras than the one that wrote it need not be able to read.
    model = load_published(version)
    # Never among what is published, which a server watches, and which may be another's.
    return Opened(
        model, about["app"] or about["family"], about["options"] or {}, GENERATED, f"{version.resolve().parent.name}-"
    )


def _is_run(path: Path) -> bool:
    return path.is_dir() and ((path / "options.json").exists() or (path / "checkpoints").exists())
