"""`Evaluation`: what was found, under which protocol, as a table and as JSON."""

import dataclasses
import datetime
import importlib.metadata
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kgan.errors import InputError
from kgan.evaluation.protocol import Protocol
from kgan.files import atomic_file

# Raised when an older kgan could no longer read the file.
FORMAT = 1
PACKAGES = ("kgan", "keras", "tensorflow", "numpy", "scipy")


@dataclasses.dataclass(frozen=True)
class Row:
    """One number.

    Attributes:
        key: Its name in programs.
        name: Its full name, with the extractor's or the detector's.
        value: Of the generated images.
        low: Where its 95 % interval begins, as `kgan.evaluation.intervals` describes.
        high: Where that ends.
        floor: The same of as many held-out real images; for distances the floor, for shares and scores the real value.
        better: `"lower"` or `"higher"`.
    """

    key: str
    name: str
    value: float
    low: float
    high: float
    floor: float
    better: str


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        subject: What was judged: a run's folder, or a folder of images.
        model_digest: SHA-256 of the generator's weights; None for files.
        protocol: How.
        rows: The numbers.
        words: Findings in words, by subject: memorisation, modes.
        versions: Of the packages.
        created: When, ISO 8601.
        pictures: Pictures by name, uint8; not part of the JSON.
    """

    subject: str
    model_digest: str | None
    protocol: Protocol
    rows: tuple[Row, ...]
    words: Mapping[str, str]
    versions: Mapping[str, str] = dataclasses.field(
        default_factory=lambda: {name: importlib.metadata.version(name) for name in PACKAGES}
    )
    created: str = dataclasses.field(
        default_factory=lambda: datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    )
    pictures: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def __getitem__(self, key: str) -> Row:
        """Returns the row of a key, such as `"frechet_distance"`."""
        return next(row for row in self.rows if row.key == key)

    def to_json(self) -> dict[str, Any]:
        """Returns all but the pictures as strict JSON has it, where infinity is null."""
        return {
            "format": FORMAT,
            "subject": self.subject,
            "model_digest": self.model_digest,
            "protocol": self.protocol.to_json(),
            "rows": [{key: _finite(value) for key, value in dataclasses.asdict(row).items()} for row in self.rows],
            "words": dict(self.words),
            "versions": dict(self.versions),
            "created": self.created,
        }

    def save(self, path: str | os.PathLike) -> None:
        """Writes the JSON; an old file stays until the new one is whole."""
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n")


def load(path: str | os.PathLike) -> Evaluation:
    """Reads what `Evaluation.save` wrote.

    Raises:
        InputError: If there is no such file, it is no report, or a newer kgan made it.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text())
        newer = content["format"] > FORMAT
        rows = [_row(row) for row in content["rows"]]
        fields = {key: content[key] for key in ("subject", "model_digest", "words", "versions", "created")}
        protocol = content["protocol"]
    except FileNotFoundError:
        raise InputError(f"there is no report {path}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no report of kgan evaluate ({error!r}).") from error
    if newer:
        raise InputError(f"{path} was made by a newer kgan: pip install --upgrade kgan")
    return Evaluation(protocol=Protocol.from_json(protocol), rows=tuple(rows), **fields)


def _row(content: dict[str, Any]) -> Row:
    filled: dict[str, Any] = {key: math.inf if value is None else value for key, value in content.items()}
    return Row(**filled)


def _finite(value: Any) -> Any:
    return None if value == math.inf else value
