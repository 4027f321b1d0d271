"""A folder of published models: adding to it, and what it holds."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from kgan.errors import InputError
from kgan.export import configs, manifest
from kgan.export.card import write_card
from kgan.export.exporting import export
from kgan.export.origin import Origin
from kgan.export.versions import check_name, versions


@dataclasses.dataclass(frozen=True)
class PublishedModel:
    """A model of a folder of published ones.

    Attributes:
        folder: Of its versions.
        versions: In order.
        labels: The versions that labels stand for.
        manifest: Of the newest version, as `kgan.export.manifest.describe` says; None if kgan did not publish it.
    """

    folder: Path
    versions: tuple[int, ...]
    labels: dict[str, int]
    manifest: dict[str, Any] | None

    @property
    def name(self) -> str:
        """Its name in a URL."""
        return self.folder.name


def publish(
    model: keras.Model,
    folder: str | os.PathLike,
    origin: Origin | None = None,
    label: str | None = None,
    formats: Sequence[str] = (),
    training: bool = True,
) -> Path:
    """Exports a model into a folder of published ones: a version, the model card, and the server's configuration.

    Args:
        model: A model of a kgan family.
        folder: Of the model's versions, `<savedmodels>/<name>`.
        origin: Which training the model comes from.
        label: What is to stand for this version from now on, such as `"stable"`.
        formats: Beside the SavedModel, `"onnx"` or `"litert"`; see `export`.
        training: Whether what is needed to train on is published too; see `export`.

    Returns:
        The path of the new version.

    Raises:
        InputError: As `export` does; or if `label` cannot be one, or `<savedmodels>/models.config` cannot be read.
        ExportError: As `export` does.
        OSError: If the folder cannot be written to.
    """
    folder = Path(folder).resolve()
    # Before minutes of work that would be in vain.
    name = check_name(folder)
    if label is not None:
        configs.check_label(label)
    configs.read_labels(folder.parent)
    version = export(model, folder, origin, formats, training)
    write_card(folder)
    configs.write_configs(folder.parent, {} if label is None else {name: {label: int(version.name)}})
    return version


def published(savedmodels: str | os.PathLike) -> list[PublishedModel]:
    """Returns the models of a folder of published ones, by name.

    Raises:
        InputError: If there is no such folder, or a manifest or models.config in it is damaged.
    """
    savedmodels = Path(savedmodels)
    if not savedmodels.is_dir():
        raise InputError(f"there is no folder {savedmodels}; kgan export RUN publishes a run's model.")
    labels = configs.read_labels(savedmodels)
    return [_read(folder, labels.get(folder.name, {})) for folder in configs.published_models(savedmodels)]


def _read(folder: Path, labels: dict[str, int]) -> PublishedModel:
    there = versions(folder)
    newest = folder / str(there[-1])
    ours = (newest / manifest.EXTRA / manifest.MANIFEST).exists()
    return PublishedModel(folder, tuple(there), labels, manifest.read(newest) if ours else None)
