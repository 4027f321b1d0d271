"""The server's configuration files, in the folder that holds the models: kept in step with what is published."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import filelock
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig

from kgan.errors import InputError
from kgan.export.versions import NAME, versions
from kgan.files import atomic_file

MODELS = "models.config"
LOCK = ".models.config.lock"
HEADER = "# Kept in step by kgan export: a model an entry. What you change in an entry stays, comments do not.\n"
# Written once, and left to whoever changes them.
OTHERS = {
    "monitoring.config": """\
# Prometheus metrics, on the REST port.
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
""",
    "batching.config": """\
# Requests that come within so many microseconds are answered together. TensorFlow Serving refuses images of several
# sizes in one batch: ask translators by their _png signatures, or serve them without batching.
max_batch_size { value: 32 }
batch_timeout_micros { value: 1000 }
max_enqueued_batches { value: 64 }
num_batch_threads { value: 2 }
""",
}


def published_models(savedmodels: Path) -> Iterator[Path]:
    """Yields the models in a folder, by name: child folders that hold a version."""
    for child in sorted(savedmodels.iterdir()):
        if child.is_dir() and NAME.fullmatch(child.name) and versions(child):
            yield child


def read_labels(savedmodels: Path) -> dict[str, dict[str, int]]:
    """Returns the versions that labels stand for, by model and label.

    Raises:
        InputError: If models.config cannot be read.
    """
    entries = _read(savedmodels / MODELS).model_config_list.config
    return {entry.name: dict(sorted(entry.version_labels.items())) for entry in entries}


def write_configs(savedmodels: str | Path, labels: Mapping[str, Mapping[str, int]] | None = None) -> None:
    """Brings models.config in step with a folder of models; makes monitoring.config and batching.config where missing.

    Each model has an entry with its absolute path. A new one serves all of its versions, so that a label always finds
    its own. What is in an entry already stays; entries of models, and labels of versions, that are gone from the folder
    go too.

    Args:
        savedmodels: The folder that holds the models.
        labels: Labels to set, `{model: {label: version}}`; others stay.

    Raises:
        InputError: If models.config cannot be read, or lists models in another way.
        OSError: If the folder cannot be written to.
    """
    savedmodels = Path(savedmodels).resolve()
    # Two exports at a time would each write what the other had not seen yet.
    with filelock.FileLock(savedmodels / LOCK):
        _write_in_step(savedmodels, labels or {})


def is_in_step(savedmodels: str | Path) -> bool:
    """Tells whether models.config lists the models of a folder, where they are, and the other files are there.

    Raises:
        InputError: If it cannot be read, or lists models in another way.
    """
    savedmodels = Path(savedmodels).resolve()
    return _lists(savedmodels, _brought_in_step(savedmodels, {})) and all(
        (savedmodels / name).exists() for name in OTHERS
    )


def _lists(savedmodels: Path, config: ModelServerConfig) -> bool:
    return (savedmodels / MODELS).exists() and _read(savedmodels / MODELS) == config


def _write_in_step(savedmodels: Path, labels: Mapping[str, Mapping[str, int]]) -> None:
    written = _brought_in_step(savedmodels, labels)
    # While it is right it is left alone, with the comments in it that someone wrote.
    if not _lists(savedmodels, written):
        _write(savedmodels / MODELS, HEADER + text_format.MessageToString(written))
    for name, text in OTHERS.items():
        if not (savedmodels / name).exists():
            _write(savedmodels / name, text)


def _brought_in_step(savedmodels: Path, labels: Mapping[str, Mapping[str, int]]) -> ModelServerConfig:
    entries = {entry.name: entry for entry in _read(savedmodels / MODELS).model_config_list.config}
    ours = [
        _in_step(entries.pop(folder.name, None) or _new_entry(folder.name), folder, labels.get(folder.name, {}))
        for folder in published_models(savedmodels)
    ]
    # Models that someone added, from elsewhere.
    others = [entry for entry in entries.values() if _is_elsewhere(entry.base_path, savedmodels)]
    config = ModelServerConfig()
    config.model_config_list.config.extend(sorted([*ours, *others], key=lambda entry: entry.name))
    return config


def check_label(label: str) -> None:
    """Refuses what cannot be a label.

    Raises:
        InputError: If it cannot be part of a URL as it is.
    """
    if not NAME.fullmatch(label):
        raise InputError(f"a label is a part of URLs and may have letters, digits, '.', '_' and '-'; got {label!r}.")


def _new_entry(name: str) -> ModelConfig:
    entry = ModelConfig(name=name, model_platform="tensorflow")
    entry.model_version_policy.all.SetInParent()
    return entry


def _in_step(entry: ModelConfig, folder: Path, labels: Mapping[str, int]) -> ModelConfig:
    entry.base_path = str(folder)
    there = versions(folder)
    known = {label: version for label, version in {**entry.version_labels, **labels}.items() if version in there}
    entry.ClearField("version_labels")
    entry.version_labels.update(known)
    return entry


def _is_elsewhere(base_path: str, savedmodels: Path) -> bool:
    if "://" in base_path:
        return True
    path = Path(base_path)
    return path.is_dir() and path.parent != savedmodels


def _read(path: Path) -> ModelServerConfig:
    try:
        config = text_format.Parse(path.read_text(), ModelServerConfig())
    except FileNotFoundError:
        return ModelServerConfig()
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is no model_server_config ({error}); mend it, or remove it and export again."
        ) from None
    if config.WhichOneof("config") == "custom_model_config":
        raise InputError(f"{path} has a custom_model_config, which kgan does not know; use a model_config_list.")
    return config


def _write(path: Path, text: str) -> None:
    with atomic_file(path) as temporary:
        temporary.write_text(text)
