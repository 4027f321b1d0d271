"""`Journal`: health.jsonl, one line for each look and each alarm, kept over a training's sittings."""

import dataclasses
import json
import math
import os
from pathlib import Path
from typing import Any

from kgan.files import atomic_file
from kgan.monitors.health.alarms import Alarm
from kgan.monitors.health.signals import Signals


class Journal:
    """A file of JSON lines, each with its `kind`: `look` (the fields of `Signals`, null for NaN), `alarm`, `over`.

    Args:
        path: The file, or None for none.
    """

    def __init__(self, path: str | os.PathLike | None):
        self.path = None if path is None else Path(path)

    def resume(self, step: int) -> tuple[list[Alarm], float]:
        """Drops what lies after `step`; returns the alarms before it and the seconds trained by the last look."""
        if self.path is None or not self.path.exists():
            return [], 0.0
        rows = [row for row in _read(self.path) if row["step"] <= step]
        with atomic_file(self.path) as temporary:
            temporary.write_text("".join(json.dumps(row) + "\n" for row in rows))
        alarms = [
            Alarm(**{key: value for key, value in row.items() if key != "kind"})
            for row in rows
            if row["kind"] == "alarm"
        ]
        return alarms, max((row["seconds"] for row in rows), default=0.0)

    def write(self, kind: str, entry: Signals | Alarm | dict[str, Any]) -> None:
        """Appends a line."""
        if self.path is None:
            return
        fields = entry if isinstance(entry, dict) else dataclasses.asdict(entry)
        known = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in fields.items()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps({"kind": kind, **known}) + "\n")


def _read(path: Path) -> list[dict[str, Any]]:
    # A kill may have cut the last line short.
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
