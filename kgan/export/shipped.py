"""The models in the box, and what a model's name stands for."""

import os
from pathlib import Path

from kgan.errors import InputError, unknown_name
from kgan.export.configs import published_models
from kgan.export.versions import versions

SAVEDMODELS = Path("savedmodels")


def shipped() -> Path:
    """Returns the folder of the models that come with kgan: in its package, or in a checkout beside it."""
    package = Path(__file__).parents[1]
    inside = package / SAVEDMODELS
    return inside if inside.is_dir() else package.parent / SAVEDMODELS


def served_by_default() -> Path:
    """Returns `savedmodels` here if there is one, otherwise the models in the box."""
    return SAVEDMODELS if SAVEDMODELS.is_dir() else shipped()


def find_model(which: str | os.PathLike) -> Path:
    """Returns a version's folder.

    Args:
        which: It; or a model's folder, of which the newest version is taken; or a model's name in `savedmodels` here or
            among the models in the box.

    Raises:
        InputError: If there is none.
    """
    path = Path(which).expanduser()
    if path.is_dir():
        return _newest(path)
    if str(which) == path.name:
        found = {folder.name: folder for place in (shipped(), SAVEDMODELS) for folder in _models(place)}
        if path.name in found:
            return _newest(found[path.name])
        if found:
            raise unknown_name("model", path.name, sorted(found))
    raise InputError(f"there is no model {path}; kgan models lists what is published.")


def _models(folder: Path) -> list[Path]:
    return list(published_models(folder)) if folder.is_dir() else []


def _newest(path: Path) -> Path:
    if (path / "saved_model.pb").exists():
        return path
    there = versions(path)
    if not there:
        raise InputError(f"{path} holds no published versions; kgan export RUN --to {path} publishes one.")
    return path / str(there[-1])
