"""The models that are served: watches a folder, loads new versions, lets go of old ones."""

import gc
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kgan.errors import InputError
from kgan.serving.errors import ServingError, invalid
from kgan.serving.models_config import CONFIG, ModelConfig, max_batch_size, models_of, read_models, versions_in
from kgan.serving.servable import Servable
from kgan.serving.warmup import warm_up

POLL_SECONDS = 0.25
# Names, sizes and times of what is in a folder.
Files = list[tuple[str, int, int]]

log = logging.getLogger("kgan.serving")


class VersionStatus(NamedTuple):
    """How far a version has come.

    Attributes:
        state: `LOADING`, `AVAILABLE`, `UNLOADING` or `END`, as in TensorFlow Serving.
        code: The name of a gRPC status; `OK` unless loading failed.
        message: Why it failed.
    """

    state: str
    code: str = "OK"
    message: str = ""


class Catalogue:
    """The models of a folder, `<folder>/<name>/<version>/`, as its `models.config` says, or the newest of each.

    A new version is loaded and warmed up beside the old one and takes its place in one step; requests under way finish
    on the version that they began with. A version that fails to load stays out, and the one before goes on.

    Args:
        folder: The folder of models.
        batch_size: The most rows that requests are run together in; by default what `batching.config` says.

    Attributes:
        looked: Set once all that was there at the start is loaded, or has failed to.

    Raises:
        InputError: If there is no such folder, it is a single model's, or a config in it cannot be used.
    """

    def __init__(self, folder: Path, batch_size: int | None = None) -> None:
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder of models; kgan export RUN --to {folder}/NAME publishes one.")
        self._folder = folder.resolve()
        if versions_in(self._folder):
            raise InputError(f"{folder} is one model's folder; serve the one that holds it: {self._folder.parent}")
        self._batch_size = batch_size or max_batch_size(self._folder)
        self._configs: dict[str, ModelConfig] = read_models(self._folder)
        self._config_stamp = self._stamp()
        self._is_configured = False
        self._loaded: dict[str, dict[int, Servable]] = {}
        self._labels: dict[str, dict[str, int]] = {}
        self._statuses: dict[str, dict[int, VersionStatus]] = {}
        # What a version that failed to load looked like then.
        self._failed: dict[Path, Files] = {}
        self._refreshing = threading.Lock()
        self._stopping = threading.Event()
        self.looked = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="kgan-watcher", daemon=True)

    def start(self) -> None:
        """Loads what there is, and goes on watching, in a thread of its own."""
        self._watcher.start()

    def stop(self, timeout: float | None = None) -> None:
        """Ends the watching; waits so many seconds for a model that is being loaded."""
        self._stopping.set()
        if self._watcher.is_alive():
            self._watcher.join(timeout)

    def get(self, name: str, choice: int | str | None = None) -> Servable:
        """Returns a loaded version of a model, which stays usable for as long as it is held.

        Args:
            name: The model.
            choice: A version, or a label of one; None for the newest that is loaded.

        Raises:
            ServingError: NOT_FOUND if there is none; INVALID_ARGUMENT for an unknown label.
        """
        if isinstance(choice, str):
            return self._labelled(name, choice)
        versions = self._loaded.get(name, {})
        if choice is None:
            if not versions:
                raise ServingError("NOT_FOUND", f"Servable not found for request: Latest({name})")
            return versions[max(versions)]
        if choice not in versions:
            raise ServingError("NOT_FOUND", f"Servable not found for request: Specific({name}, {choice})")
        return versions[choice]

    def version_of(self, name: str, label: str) -> int:
        """Returns the version that a label stands for; while the one that it is to stand for is loaded, the old one.

        Raises:
            ServingError: INVALID_ARGUMENT if it is unknown.
        """
        labels = self._labels.get(name, {})
        if label not in labels:
            raise invalid(f"Unrecognized servable version label: {label}")
        return labels[label]

    def statuses(self, name: str) -> dict[int, VersionStatus]:
        """Returns how far each version of a model has come, newest first; empty for an unknown model."""
        return dict(sorted(self._statuses.get(name, {}).items(), reverse=True))

    def is_ready(self) -> bool:
        """Whether every model has a version that answers."""
        return all(self._loaded.get(name) for name in self._configs)

    def listing(self) -> list[dict[str, Any]]:
        """Returns, of each model that answers: `name`, `versions` (oldest first), `labels`, the newest's `manifest`."""
        return [
            {
                "name": name,
                "versions": sorted(versions),
                "labels": self._labels.get(name, {}),
                "manifest": versions[max(versions)].manifest,
            }
            for name, versions in sorted(self._loaded.items())
            if versions
        ]

    def configure(self, config: Any) -> None:
        """Serves what a `tensorflow_serving.ModelServerConfig` says from now on, until `models.config` changes again.

        Raises:
            InputError: If a `base_path` has no name.
        """
        configs = models_of(config, self._folder)
        with self._refreshing:
            self._configs, self._is_configured = configs, True
        self.refresh()

    def refresh(self) -> None:
        """Brings what is loaded in step with the disk."""
        with self._refreshing:
            self._read_config()
            for name in sorted(self._loaded.keys() | self._configs.keys()):
                if self._stopping.is_set():
                    return
                config = self._configs.get(name)
                self._bring_in_step(name, config.wanted() if config else [], config)

    def _bring_in_step(self, name: str, wanted: list[int], config: ModelConfig | None) -> None:
        versions = self._loaded.get(name, {})
        statuses = self._statuses.setdefault(name, {})
        for version in wanted:
            if config and version not in versions and self._is_worth_loading(config.folder / str(version)):
                self._load(name, version, config.folder / str(version))
        for version in [version for version, status in statuses.items() if status.code != "OK"]:
            if version not in wanted:
                del statuses[version]
                if config:
                    self._failed.pop(config.folder / str(version), None)
        versions = self._loaded.get(name, {})
        self._move_labels(name, config.labels if config else {})
        # The last one that answers is kept while what is to replace it does not.
        if not wanted or any(version in versions for version in wanted):
            for version in sorted(versions.keys() - set(wanted)):
                self._unload(name, version)
        if not statuses:
            del self._statuses[name]

    def _move_labels(self, name: str, wanted: Mapping[str, int]) -> None:
        """Lets labels stand for the versions that they ought to, as far as these answer; till then they stay."""
        loaded, before = self._loaded.get(name, {}), self._labels.get(name, {})
        stays = {label for label, version in wanted.items() if version not in loaded and before.get(label) in loaded}
        self._labels[name] = {label: before[label] if label in stays else version for label, version in wanted.items()}

    def _labelled(self, name: str, label: str) -> Servable:
        while True:
            version = self.version_of(name, label)
            if servable := self._loaded.get(name, {}).get(version):
                return servable
            # Moved, and the version let go, between the two looks.
            if self.version_of(name, label) == version:
                raise ServingError("NOT_FOUND", f"Servable not found for request: Specific({name}, {version})")

    def _is_worth_loading(self, folder: Path) -> bool:
        """Whether a version has not failed before, or has other files now: it may have been copied file by file."""
        return folder not in self._failed or self._failed[folder] != _files(folder)

    def _load(self, name: str, version: int, folder: Path) -> None:
        statuses, files = self._statuses[name], _files(folder)
        statuses[version] = VersionStatus("LOADING")
        try:
            servable = Servable(name, version, folder, self._batch_size)
            warm_up(servable, folder)
        except Exception as error:
            code = error.code if isinstance(error, ServingError) else "UNKNOWN"
            message = (str(error).splitlines() or [type(error).__name__])[0]
            log.error("%s version %d was not loaded: %s", name, version, message)
            statuses[version] = VersionStatus("END", code, message)
            self._failed[folder] = files
            return
        self._failed.pop(folder, None)
        # Replaced as a whole, so that readers need no lock.
        self._loaded[name] = {**self._loaded.get(name, {}), version: servable}
        statuses[version] = VersionStatus("AVAILABLE")
        log.info("%s version %d is loaded", name, version)

    def _unload(self, name: str, version: int) -> None:
        # The session closes when the last request that holds it is answered.
        self._loaded[name] = {kept: servable for kept, servable in self._loaded[name].items() if kept != version}
        self._statuses[name][version] = VersionStatus("END")
        gc.collect()
        log.info("%s version %d is unloaded", name, version)

    def _read_config(self) -> None:
        stamp = self._stamp()
        # Without the file there is no stamp, and any folder may be new; unless somebody has said what is to be served.
        if stamp != self._config_stamp or (stamp is None and not self._is_configured):
            self._is_configured = False
            try:
                self._configs = read_models(self._folder)
            except InputError as error:
                log.error("%s; what was served before is served on", error)
            self._config_stamp = stamp

    def _stamp(self) -> tuple[int, int, int] | None:
        """Returns what changes with `models.config`; None without one."""
        try:
            found = (self._folder / CONFIG).stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _watch(self) -> None:
        failure = None
        while True:
            before, failure = failure, self._failure_of_refresh()
            if not self.looked.is_set():
                self._tell_what_is_missing()
                self.looked.set()
            # Not every time, or a disk that is away would fill another one.
            if failure and failure != before:
                log.error("%s was not looked through: %s", self._folder, failure)
            if self._stopping.wait(POLL_SECONDS):
                return

    def _tell_what_is_missing(self) -> None:
        if not self._configs:
            log.warning("%s holds no models yet; kgan export RUN --to publishes them", self._folder)
        served = {config.folder for config in self._configs.values()}
        for folder in sorted(self._folder.iterdir()):
            if folder not in served and versions_in(folder):
                log.warning("%s is not in %s, and not served; the next kgan export enters it", folder, CONFIG)
        for name, config in self._configs.items():
            if not self._loaded.get(name):
                log.error("%s has no version that answers, in %s", name, config.folder)

    def _failure_of_refresh(self) -> str | None:
        """Refreshes, and returns what went wrong: a disk that fails for a moment must not end the watching."""
        try:
            self.refresh()
        except Exception as error:
            return str(error) or type(error).__name__
        return None


def _files(folder: Path) -> Files:
    found = ((file, file.stat()) for file in sorted(folder.rglob("*")))
    return [(str(file), stat.st_size, stat.st_mtime_ns) for file, stat in found]
