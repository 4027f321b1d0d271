"""Checkpoints: `step-<step>/` with the model, both optimizers and all random state; written whole or not at all."""

import dataclasses
import json
import shutil
from pathlib import Path

import keras

from kgan.errors import RunError
from kgan.files import atomic_folder

KEPT = 2


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Attributes:
        step: Training steps done.
        seconds: Wall-clock time trained, over all sittings.
    """

    step: int = 0
    seconds: float = 0.0


def save(folder: Path, model: keras.Model, progress: Progress) -> Path:
    """Writes a checkpoint and removes all but the newest two; returns its path.

    The old ones go only once the new one stands, so a full disk or a kill leaves the last good one.
    """
    path = folder / f"step-{progress.step:08d}"
    if not path.exists():
        with atomic_folder(path) as temporary:
            model.save(temporary / "model.keras")
            (temporary / "progress.json").write_text(json.dumps(dataclasses.asdict(progress)))
    for old in _all(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return path


def newest(folder: Path) -> Path | None:
    """Returns the newest checkpoint, or None."""
    found = _all(folder)
    return found[-1] if found else None


def read_progress(path: Path | None) -> Progress:
    """Returns how far a checkpoint's training had come; the very start for None."""
    return Progress(**json.loads((path / "progress.json").read_text())) if path else Progress()


def load_model(path: Path) -> keras.Model:
    """Returns a checkpoint's model, compiled, ready to go on.

    Raises:
        RunError: If the file cannot be read.
    """
    try:
        return keras.saving.load_model(path / "model.keras")
    except (OSError, ValueError, KeyError) as error:
        raise RunError(
            f"the checkpoint {path} cannot be read ({str(error).splitlines()[0]}); "
            "remove it to go on from the one before."
        ) from error


def remove_leftovers(folder: Path) -> None:
    """Removes what killed processes left half written."""
    for leftover in folder.glob(".tmp-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _all(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"), key=lambda path: int(path.name.removeprefix("step-")))
