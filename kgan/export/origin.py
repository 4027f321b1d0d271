"""Where a model comes from: the run that trained it, as much of it as goes with what is published."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, Protocol


class TrainedRun(Protocol):
    """What publishing asks of a run (`kgan.runs.Run` is one)."""

    @property
    def app(self) -> str:
        """The app's name, or the path of its .py file."""

    @property
    def options(self) -> Mapping[str, Any]:
        """The arguments that the app was called with."""

    @property
    def best(self) -> Path:
        """The folder of the model that scored best."""


@dataclasses.dataclass(frozen=True)
class Origin:
    """What the manifest and the model card say of a model's training.

    Of every absolute path the last name alone is kept: what is published goes to others, who have no use for where its
    maker keeps pictures.

    Attributes:
        app: The app's name.
        options: Its options, as JSON has them.
        scores: What `kgan.ScoreMonitor` noted of the model: metric, step, scores, those of real images (`floor`), and
            the protocol; None for one that was not scored.
    """

    app: str
    options: Mapping[str, Any]
    scores: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, run: TrainedRun) -> "Origin":
        """Returns the origin of the model that `run.load_model()` gives."""
        best = run.best / "best.json"
        scores = json.loads(best.read_text()) if best.exists() else None
        options = json.loads(json.dumps(dict(run.options), default=str))
        return cls(PurePath(run.app).stem, _without_folders(options), _without_folders(scores))

    @property
    def data(self) -> str | None:
        """What it was trained on, by name."""
        data = self.options.get("data")
        return None if data is None else str(data)


def _without_folders(value: Any) -> Any:
    """Returns JSON whose absolute paths are cut to their last names."""
    if isinstance(value, dict):
        return {key: _without_folders(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_folders(item) for item in value]
    if isinstance(value, str) and PurePath(value).is_absolute():
        return PurePath(value).name
    return value
