"""`Run`: where everything about one training lies, so that what comes after needs the folder alone."""

import datetime
import importlib.metadata
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from kgan.errors import InputError, RunError
from kgan.files import atomic_file
from kgan.runs import checkpoints
from kgan.workers import gather, is_chief

# Raised when an older kgan could no longer read the folder.
FORMAT = 1


class Run:
    """One training's folder: `runs/<app>/<time>/`.

    - `options.json`: the app, its resolved options, the versions;
    - `checkpoints/`: what `kgan resume` goes on from, the last two;
    - `model.keras`: the model at the end, both players and both optimizers;
    - `best/`: the model that scored best, and the scores, where `ScoreMonitor` watched;
    - `report.html`: what `kgan report` makes of it;
    - `history.csv`, `logs/` (TensorBoard), `samples/` (pictures), `savedmodel/` (published versions).

    Attributes:
        path: The folder.
        app: The app's name, or the path of its .py file.
        options: The arguments that the app's `train` was called with.
    """

    def __init__(self, path: Path, app: str, options: Mapping[str, Any]):
        self.path = path
        self.app = app
        self.options = dict(options)
        self._taken_up = False
        # The checkpoint that the training at hand stands at, and later ones that cannot be read.
        self.standing: Path | None = None
        self.damaged: list[Path] = []

    @classmethod
    def new(cls, app: str, options: Mapping[str, Any], out: str | os.PathLike | None = None) -> "Run":
        """Names a new run; its folder is made by the first thing written, so a refused start leaves nothing behind.

        Args:
            app: The app's name, or the path of its .py file.
            options: All arguments of the app's `train`; `run` and `out` are left out.
            out: The folder; by default `runs/<app>/<time>`.

        Raises:
            RunError: If `out` exists and is not an empty folder; hidden files do not count, for a training that is
                killed before it has written options.json may leave some. Of several workers the chief, who makes it,
                looks.
        """
        kept = {key: value for key, value in options.items() if key not in ("run", "out")}
        path = Path(out) if out else _fresh_folder(Path("runs") / Path(app).stem)
        if is_chief() and path.exists() and not (path.is_dir() and all(_is_hidden(entry) for entry in path.iterdir())):
            raise RunError(
                f"{path} exists already; give --out another folder, or go on with what is there: kgan resume {path}"
            )
        return cls(path, app, kept)

    @classmethod
    def open(cls, path: str | os.PathLike) -> "Run":
        """Opens a run's folder.

        Raises:
            RunError: If there is none, it is no run, or a newer kgan made it.
        """
        path = Path(path)
        if not path.is_dir():
            shared = "" if is_chief() else " All workers need the chief's run under the same path."
            raise RunError(f"there is no run folder {path}.{shared}")
        try:
            content = json.loads((path / "options.json").read_text())
            made_by, form = content["versions"]["kgan"], content["format"]
            app, options = content["app"], content["options"]
        except FileNotFoundError:
            raise RunError(f"{path} is no run: it holds no options.json.") from None
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise RunError(f"{path / 'options.json'} is damaged: {error}.") from None
        if form > FORMAT:
            raise RunError(
                f"{path} was made by kgan {made_by}, which is newer than this kgan "
                f"{importlib.metadata.version('kgan')}: pip install --upgrade kgan"
            )
        return cls(path, app, options)

    @property
    def samples(self) -> Path:
        """The folder of pictures."""
        return self.path / "samples"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def best(self) -> Path:
        """The folder of the model that scored best."""
        return self.path / "best"

    def write_options(self) -> None:
        """Writes options.json."""
        content = {
            "format": FORMAT,
            "app": self.app,
            "options": self.options,
            "versions": _versions(),
            "created": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        }
        with atomic_file(self.path / "options.json") as temporary:
            temporary.write_text(json.dumps(content, indent=2, default=str) + "\n")

    def restore(self) -> keras.Model | None:
        """Returns the model of the newest checkpoint, to go on training exactly there, or None before the first one.

        One that cannot be read, after a power cut say, is passed over, and said so.

        Raises:
            RunError: If there are checkpoints and none can be read, or of several workers one sees another.
            InputError: If one of several workers was started otherwise.
        """
        self._taken_up = True
        self.standing = checkpoints.newest(self.checkpoints)
        # Before the model is made, in which all of them take part.
        self._check_workers()
        model, self.standing, self.damaged = checkpoints.load_newest(self.checkpoints)
        return model

    def _check_workers(self) -> None:
        """Compares what all workers are about to train; where data lie may differ."""
        options = {name: value for name, value in self.options.items() if name != "data"}
        command = json.dumps([self.app, options, _versions()], sort_keys=True, default=str)
        # By its name, for its content may be damaged.
        step = checkpoints.step_of(self.standing)
        (first_step, first_command), *others = gather([step, zlib.crc32(command.encode())])
        for index, (its_step, its_command) in enumerate(others, start=1):
            if its_command != first_command:
                raise InputError(
                    f"worker {index} has other options, or another version of kgan, Keras, TensorFlow or NumPy, than "
                    "the chief; start all workers with the same command."
                )
            if its_step != first_step:
                raise RunError(
                    f"worker {index} finds the run at step {its_step}, the chief at step {first_step}; all workers "
                    f"need the chief's run under the same path, here {self.path}."
                )

    def check_standing(self) -> None:
        """Refuses to go on with a model that `restore` returned before another process trained on.

        Raises:
            RunError: If there is a checkpoint that is not this training's.
        """
        if self._taken_up and checkpoints.newest(self.checkpoints, self.damaged) != self.standing:
            raise RunError(f"{self.path} was trained on by another process; start again: kgan resume {self.path}")

    def save_model(self, model: keras.Model) -> None:
        """Writes model.keras."""
        with atomic_file(self.path / "model.keras") as temporary:
            model.save(temporary)

    def load_model(self) -> keras.Model:
        """Returns the model that scored best, or where none was scored the last one.

        Raises:
            RunError: If there is neither, or no checkpoint can be read.
        """
        finished = [file for file in (self.best / "model.keras", self.path / "model.keras") if file.exists()]
        if finished:
            return keras.saving.load_model(finished[0])
        model, _, _ = checkpoints.load_newest(self.checkpoints)
        if model is None:
            raise RunError(f"{self.path} has no model yet; train it first: kgan resume {self.path}")
        return model


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("kgan", "keras", "tensorflow", "numpy")}


def _fresh_folder(parent: Path) -> Path:
    stamp = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    path, count = parent / stamp, 1
    while path.exists():
        count += 1
        path = parent / f"{stamp}-{count}"
    return path
