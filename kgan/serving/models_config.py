"""What is to be served: `models.config`, or, without one, every folder that holds versions."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf import text_format

from kgan.errors import InputError
from kgan.export.versions import versions

CONFIG = "models.config"
BATCHING = "batching.config"
MAX_BATCH_SIZE = 32


class ModelConfig(NamedTuple):
    """A model and which of its versions are served.

    Attributes:
        folder: The folder of versions.
        num_latest: So many of the newest versions are served; None for all of them.
        specific: These are served instead, if there are any.
        labels: Names for versions.
    """

    folder: Path
    num_latest: int | None = 1
    specific: frozenset[int] = frozenset()
    labels: dict[str, int] = {}  # noqa: RUF012 - never written to

    def wanted(self) -> list[int]:
        """Returns the versions on the disk that are to be served, oldest first.

        Raises:
            OSError: If the folder cannot be read.
        """
        there = versions_in(self.folder)
        if self.specific:
            return [version for version in there if version in self.specific]
        return there if self.num_latest is None else there[-self.num_latest :]


def versions_in(folder: Path) -> list[int]:
    """Returns the versions in a model's folder, oldest first; none of what is no folder.

    Raises:
        OSError: If the folder cannot be read.
    """
    return versions(folder) if folder.is_dir() else []


def read_models(folder: Path) -> dict[str, ModelConfig]:
    """Returns what is to be served of a folder of models, by name.

    Raises:
        InputError: If `models.config` cannot be used.
        OSError: If something cannot be read.
    """
    file = folder / CONFIG
    if file.is_file():
        return parse_models(_read(file), folder)
    return {child.name: ModelConfig(child) for child in sorted(folder.iterdir()) if versions_in(child)}


def parse_models(text: str, folder: Path) -> dict[str, ModelConfig]:
    """Returns what a `models.config` says, for TensorFlow Serving's own parser.

    Args:
        text: A ModelServerConfig as protobuf text.
        folder: Where the models lie. No other place is ever read: a `base_path` elsewhere, as in a folder that was
            moved or copied into a container, stands for the folder of the same name in this one.

    Raises:
        InputError: If it does not parse, or a `base_path` has no name.
    """
    from tensorflow_serving.config import model_server_config_pb2

    try:
        config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    except text_format.ParseError as error:
        raise InputError(f"{folder / CONFIG} is no model server config: {error}") from None
    return models_of(config, folder)


def models_of(config: Any, folder: Path) -> dict[str, ModelConfig]:
    """Returns what a `tensorflow_serving.ModelServerConfig` says, as `parse_models` does.

    Raises:
        InputError: If a `base_path` has no name.
    """
    return {model.name: _model(model, folder) for model in config.model_config_list.config}


def _model(model: Any, folder: Path) -> ModelConfig:
    name = Path(model.base_path).name
    if name in ("", ".."):
        raise InputError(
            f"the base_path of model {model.name!r} must be a folder of versions; got {model.base_path!r}."
        )
    policy = model.model_version_policy
    kind = policy.WhichOneof("policy_choice")
    return ModelConfig(
        folder / name,
        num_latest=None if kind == "all" else max(policy.latest.num_versions, 1),
        specific=frozenset(policy.specific.versions),
        labels=dict(model.version_labels),
    )


def max_batch_size(folder: Path) -> int:
    """Returns `max_batch_size` of the folder's `batching.config`, by default 32.

    Raises:
        InputError: If it is not positive, or the file is no text.
    """
    file = folder / BATCHING
    # The package with TensorFlow Serving's protocols leaves this one out.
    text = re.sub("#.*", "", _read(file)) if file.is_file() else ""
    found = re.search(r"\bmax_batch_size\s*:?\s*\{\s*value\s*:\s*(\d+)\s*\}", text)
    size = int(found[1]) if found else MAX_BATCH_SIZE
    if size < 1:
        raise InputError(f"{file}: max_batch_size must be at least 1; got {size}.")
    return size


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is no text in UTF-8: {error}") from None
