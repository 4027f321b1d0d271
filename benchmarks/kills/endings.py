"""What a run must have at its end, however often it was killed on the way."""

import csv
import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kgan.runs import Run


def shortcomings(alone: Path, killed: Path) -> list[str]:
    """Returns what is wrong with a run that was killed, beside the same run left alone; prints what was compared."""
    return [
        *_differing(alone, killed),
        *_history(alone, killed),
        *_tables(killed),
        *_files(alone, killed),
        *(_answers(killed) if (alone / "savedmodel").exists() else []),
    ]


def _differing(alone: Path, killed: Path) -> list[str]:
    """Compares all weights, averages, pools, counters, seeds and optimizer slots, bit for bit."""

    def variables(run: Path) -> list:
        model = keras.saving.load_model(run / "model.keras")
        optimizers = (model.generator_optimizer, model.discriminator_optimizer)
        return [*model.variables, *(v for optimizer in optimizers for v in optimizer.variables)]

    pairs = list(zip(variables(alone), variables(killed), strict=True))
    found = [a.path for a, b in pairs if not np.array_equal(a.numpy(), b.numpy(), equal_nan=True)]
    print(f"{len(pairs)} variables compared, {len(found)} differ")
    return [f"differs: {path}" for path in found]


def _history(alone: Path, killed: Path) -> list[str]:
    """Every epoch has one row, with something in every column."""
    rows, others = ([*csv.reader((run / "history.csv").open(newline=""))] for run in (alone, killed))
    whole = [row[0] for row in rows] == [row[0] for row in others] and rows[0] == others[0]
    complete = all(len(row) == len(rows[0]) and all(row) for row in others)
    return [] if whole and complete else [f"history.csv: {others}"]


def _tables(killed: Path) -> list[str]:
    """Scores and health go on in order, each line whole."""
    wrong = []
    if (killed / "best").exists():
        steps = [int(row["step"]) for row in csv.DictReader((killed / "best" / "scores.csv").open(newline=""))]
        if steps != sorted(set(steps)):
            wrong.append(f"scores.csv has steps {steps}")
    if (killed / "health.jsonl").exists():
        rows = [json.loads(line) for line in (killed / "health.jsonl").read_text().splitlines()]
        steps = [row["step"] for row in rows]
        if steps != sorted(steps):
            wrong.append(f"health.jsonl has steps {steps}")
    return wrong


def _files(alone: Path, killed: Path) -> list[str]:
    """The same files are there, and nothing half written."""
    names = [
        {
            str(path.relative_to(run))
            for path in [*run.rglob("*"), *run.rglob(".*")]
            if path.is_file() and not _is_of_its_time(path.relative_to(run))
        }
        for run in (alone, killed)
    ]
    return [f"there in one run only: {name}" for name in sorted(names[0] ^ names[1])]


def _is_of_its_time(path: Path) -> bool:
    """Tells whether a file is there as time would have it: a first picture, logs, checkpoints, published versions."""
    if path.match("samples/epoch-0000.png") or path.match("logs/*/events.*"):
        return True
    return path.match("checkpoints/step-*/*") or (path.parts[0] == "savedmodel" and path.parts[1].isdigit())


def _answers(killed: Path) -> list[str]:
    """The best model is the one that its scores are of, and what was published last answers as it does."""
    best = Run.open(killed).load_model()
    wrong = []
    if int(best.optimizer.iterations.numpy()) != json.loads((killed / "best" / "best.json").read_text())["step"]:
        wrong.append("best.json is of another step than best/model.keras")
    newest = max((killed / "savedmodel").glob("[0-9]*"), key=lambda path: int(path.name))
    served = tf.saved_model.load(str(newest)).signatures["serving_default"]
    (name, spec), *_ = served.structured_input_signature[1].items()
    # Of a translator any number of pictures of any size.
    asked = tf.random.stateless_normal([side or 16 for side in spec.shape], seed=[0, 0])
    if not np.allclose(served(**{name: asked})["images"], best(asked), atol=1e-4):
        wrong.append(f"{newest.name} answers otherwise than the best model")
    return wrong
