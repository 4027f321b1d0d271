"""Checkpoints: `step-<step>/` with the model, both optimizers and all random state; written whole or not at all."""

import dataclasses
import json
import shutil
import sys
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import keras

from kgan.errors import RunError
from kgan.files import atomic_folder

KEPT = 2
# What reading JSON, ZIP, HDF5 and Keras's own makes of a file that was cut short or has other bytes in it.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


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


def newest(folder: Path, but: Sequence[Path] = ()) -> Path | None:
    """Returns the newest checkpoint that is none of some, or None."""
    found = [path for path in _all(folder) if path not in but]
    return found[-1] if found else None


def read_progress(path: Path | None) -> Progress:
    """Returns how far a checkpoint's training had come; the very start for None."""
    return Progress(**json.loads((path / "progress.json").read_text())) if path else Progress()


def load_newest(folder: Path) -> tuple[keras.Model | None, Path | None, list[Path]]:
    """Returns the model of the newest checkpoint that can be read, compiled, its path, and those after it.

    Says which ones cannot be read. Without a checkpoint there is no model.

    Raises:
        RunError: If there are some and none can be read.
    """
    damaged: list[Path] = []
    for path in reversed(_all(folder)):
        try:
            read_progress(path)
            model = keras.saving.load_model(path / "model.keras")
        except UNREADABLE as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            print(f"the checkpoint {path} cannot be read: {reason}", file=sys.stderr)
            damaged.append(path)
            continue
        if damaged:
            print(f"going on from the one before, {path}", file=sys.stderr)
        return model, path, damaged
    if damaged:
        raise RunError(f"no checkpoint in {folder} can be read; remove it to begin anew.")
    return None, None, []


def set_aside(damaged: Sequence[Path]) -> None:
    """Renames checkpoints to `damaged-...`, so that they are none any more."""
    for path in damaged:
        aside = path.with_name(f"damaged-{path.name}")
        shutil.rmtree(aside, ignore_errors=True)
        path.rename(aside)


def step_of(path: Path | None) -> int:
    """Returns the step that a checkpoint is called by, or for None 0."""
    return int(path.name.removeprefix("step-")) if path else 0


def _all(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"), key=step_of)
