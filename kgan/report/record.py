"""`Record`: what a run's folder says of its training, read once, checked, without its models."""

import csv
import dataclasses
import json
import math
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from kgan import evaluation
from kgan.errors import RunError
from kgan.evaluation import Evaluation
from kgan.export.origin import Origin
from kgan.runs import Run, checkpoints
from kgan.runs.checkpoints import Progress

# Columns of numbers by name, all as long; NaN where there was none.
Columns = Mapping[str, list[float]]


@dataclasses.dataclass(frozen=True)
class Record:
    """What a run's folder says of its training.

    Attributes:
        run: The run.
        name: The folder's own name; where it lies is nobody else's business.
        app: The app's name.
        options: Its options, of paths the last names.
        versions: Of the packages, in the last sitting.
        created: When that began, ISO 8601.
        progress: Steps and seconds by the last checkpoint.
        history: `epoch`, from 1, and the means of the losses over it; columns that hold no number are left out.
        scores: `epoch`, `step` and the scores taken.
        best: `best.json`: metric, step, scores, floor, protocol; None if no model was scored.
        looks: The health's looks, as `kgan.monitors.health.Signals` has them, None for what could not be had.
        alarms: Its alarms: name, step, seconds, words, advice.
        over: Which alarms were over, and when: name, step, seconds.
        pictures: The sample pictures by epoch; 0 is the one drawn within the first.
        evaluations: What `kgan evaluate` found, the newest last.
    """

    run: Run
    name: str
    app: str
    options: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str
    progress: Progress
    history: Columns
    scores: Columns
    best: Mapping[str, Any] | None
    looks: tuple[Mapping[str, Any], ...]
    alarms: tuple[Mapping[str, Any], ...]
    over: tuple[Mapping[str, Any], ...]
    pictures: Mapping[int, Path]
    evaluations: tuple[Evaluation, ...]

    @property
    def best_epoch(self) -> int | None:
        """The epoch after which the best model was scored."""
        if self.best is None:
            return None
        steps = self.scores.get("step", [])
        found = [epoch for epoch, step in zip(self.scores.get("epoch", []), steps, strict=True)]
        return int(found[steps.index(self.best["step"])]) if self.best["step"] in steps else None


def read(path: str | os.PathLike) -> Record:
    """Reads a run's folder, also of a training that still goes on.

    Raises:
        RunError: If it is no run, nothing was trained in it yet, or a file of it is damaged.
    """
    run = Run.open(path)
    content = _json(run.path / "options.json")
    best = run.best / "best.json"
    entries = _lines(run.path / "health.jsonl")
    history = _columns(run.path / "history.csv")
    history["epoch"] = [epoch + 1 for epoch in history.get("epoch", [])]
    found = _json(best, {"metric", "step", "scores", "floor", "protocol"}) if best.exists() else None
    origin = Origin.of(run)
    record = Record(
        run=run,
        name=run.path.resolve().name,
        app=origin.app,
        options=origin.options,
        versions=content["versions"],
        created=content.get("created", ""),
        progress=_progress(run),
        history={name: values for name, values in history.items() if any(map(math.isfinite, values))},
        scores=_columns(run.best / "scores.csv"),
        best=found,
        looks=tuple(entry for entry in entries if entry["kind"] == "look"),
        alarms=tuple(entry for entry in entries if entry["kind"] == "alarm"),
        over=tuple(entry for entry in entries if entry["kind"] == "over"),
        pictures=_pictures(run.samples),
        evaluations=_evaluations(run.path / "evaluation"),
    )
    if not (record.history or record.scores or record.pictures):
        raise RunError(f"{path} has nothing to report yet: no epoch, score or picture; train it: kgan resume {path}")
    return record


def _json(path: Path, needed: Collection[str] = ()) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
        missing = sorted(set(needed) - set(content))
    except (ValueError, TypeError) as error:
        raise RunError(f"{path} is damaged: {error}.") from None
    if missing:
        raise RunError(f"{path} is damaged: it has no {', '.join(missing)}.")
    return content


def _columns(path: Path) -> dict[str, list[float]]:
    """Returns a CSV file's columns; nothing for a file that is not there, or holds no row yet."""
    if not path.exists():
        return {}
    names, *rows = list(csv.reader(_whole_lines(path))) or [[]]
    try:
        cells = [[_number(cell) for cell in row] for row in rows]
        return {name: list(values) for name, values in zip(names, zip(*cells, strict=True), strict=True)}
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}; expected a header and rows of as many numbers.") from None


def _number(cell: str) -> float:
    # Keras writes NA for what an epoch did not have.
    return math.nan if cell in ("NA", "") else float(cell)


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        entries = [json.loads(line) for line in _whole_lines(path)]
        if all({"kind", "step", "seconds"} <= set(entry) for entry in entries):
            return entries
    except (ValueError, TypeError) as error:
        raise RunError(f"{path} is damaged: {error}.") from None
    raise RunError(f"{path} is damaged: a line lacks kind, step or seconds.")


def _whole_lines(path: Path) -> list[str]:
    # A training may be writing the last one.
    return [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def _progress(run: Run) -> Progress:
    newest = checkpoints.newest(run.checkpoints)
    try:
        return checkpoints.read_progress(newest)
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"the checkpoint {newest} cannot be read: {error}.") from None


def _pictures(folder: Path) -> dict[int, Path]:
    named = ((re.fullmatch(r"epoch-(\d+)\.png", file.name), file) for file in folder.glob("epoch-*.png"))
    return dict(sorted((int(match[1]), file) for match, file in named if match))


def _evaluations(folder: Path) -> tuple[Evaluation, ...]:
    found = (evaluation.load(file) for file in folder.glob("*/report.json"))
    return tuple(sorted(found, key=lambda each: each.created))
