"""What is published beside a model to train on from."""

import os
from pathlib import Path

import keras

from kgan.adversarial import Adversarial
from kgan.errors import InputError
from kgan.export import manifest
from kgan.export.shipped import find_model


def load_for_training(path: str | os.PathLike) -> Adversarial:
    """Returns a published model with both players and both optimizers, as it was when it was published.

    Args:
        path: A model's folder, `<savedmodels>/<name>`, of which the newest version is taken; a version in it; a model's
            name, as `find_model` takes it; or a `.keras` file that kgan saved.

    Raises:
        InputError: If there is no such model, only what a server needs was published or copied here, or the file
            cannot be read or holds a model of no kgan family.
    """
    file = _training_file(Path(path).expanduser())
    try:
        model = keras.saving.load_model(file)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{file} cannot be read as a model ({reason}).") from error
    if not isinstance(model, Adversarial):
        raise InputError(f"{file} holds a {type(model).__name__}; expected a model of a kgan family.")
    return model


def _training_file(path: Path) -> Path:
    if path.is_file():
        if path.suffix != ".keras":
            raise InputError(f"{path} is no model: expected a folder that kgan export made, or a .keras file.")
        return path
    version = find_model(path)
    file = version / manifest.EXTRA / manifest.TRAINING
    if not file.exists():
        raise InputError(
            f"{version} has no {manifest.EXTRA}/{manifest.TRAINING}, the critic and optimizers to train on from: "
            "it was published without them (--no-training), as the larger models in the box are, or only what a server "
            "needs was copied here. Take the folder that kgan export made, or the run."
        )
    return file
