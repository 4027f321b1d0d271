"""`ScoreMonitor`: scores the generator while it is trained and keeps the best model."""

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

import keras

from kgan.errors import InputError
from kgan.evaluation import Scorer, TranslationScorer
from kgan.files import atomic_file
from kgan.monitors.allowance import Allowance
from kgan.monitors.copy_guard import CopyGuard


class ScoreMonitor(keras.callbacks.Callback):
    """Every `every` epochs scores the averaged generator, by what it makes, and keeps the model that scored best.

    A GAN's losses do not say which checkpoint is best, and the last one seldom is (Lucic et al. 2018). In `folder` are
    then

    - `model.keras`: the best model so far, both players and both optimizers;
    - `best.json`: its step and scores, the real images' own scores beside them (`floor`), and the protocol;
    - `scores.csv`: every score taken; also in the epoch's logs, and so in TensorBoard.

    A monitor started on a folder that has them goes on from there. A model that samples draws the seeds
    `scorer.protocol.seed`, ... every time, one that translates the same images. It takes nothing of the training's own
    noise: with and without it, training gives the same weights.

    Args:
        scorer: What to score with, and what to compare with; see `kgan.evaluation.Scorer`, and
            for models that translate `kgan.evaluation.TranslationScorer`.
        metric: Which of the scorer's metrics says what is best; by default its first.
        folder: Where the best model and the scores lie.
        every: Epochs between scores. The last epoch is always scored.
        share: The share of the training's time that scores may take, in (0, 1]; an epoch that comes before its score
            can be afforded goes unscored, unless it is the last.
        patience: Scores without a better one after which training stops; None never stops it.
        guard: A `kgan.CopyGuard` among the training's callbacks, before this one: no model is kept of which it says
            that it copies, however well it scores.

    Raises:
        InputError: If the metric is not one of the scorer's, or a number makes no sense; when training begins, if the
            scorer is for other models.
    """

    def __init__(
        self,
        scorer: Scorer | TranslationScorer,
        folder: str | os.PathLike,
        metric: str | None = None,
        every: int = 1,
        share: float = 0.03,
        patience: int | None = None,
        guard: CopyGuard | None = None,
    ) -> None:
        super().__init__()
        if every < 1 or not 0 < share <= 1 or (patience is not None and patience < 1):
            raise InputError(
                f"expected every >= 1, share in (0, 1] and patience >= 1 or None; got {every}, {share}, {patience}."
            )
        self.scorer = scorer
        self.metric = metric or scorer.metrics[0]
        if self.metric not in scorer.metrics:
            raise InputError(f"metric {self.metric!r}: the scorer has {', '.join(scorer.metrics)}.")
        self.folder = Path(folder)
        self.every = every
        self.allowance = Allowance(share)
        self.patience = patience
        self.guard = guard
        self.cost = 0.0
        self.best: dict[str, Any] | None = None
        self.since_best = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Reads what an earlier sitting of the same training found best; what came after its checkpoint is dropped.

        Raises:
            InputError: If the scorer cannot score this model.
        """
        self.scorer.check_model(self.model)
        self.allowance.start()
        step = self._step()
        best = self.folder / "best.json"
        if self.best is None and best.exists():
            found = json.loads(best.read_text())
            self.best = found if found["protocol"] == self.scorer.protocol.to_json() else None
        rows = [row for row in _read_rows(self.folder / "scores.csv") if int(row["step"]) <= step]
        _write_rows(self.folder / "scores.csv", rows)
        self.since_best = self._count_since_best(rows)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Scores, if it is time."""
        last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if not last and ((epoch + 1) % self.every or not self.allowance.affordable()):
            return
        with self.allowance.spending():
            scores = self.scorer.score_model(self.model)
            self._note(epoch, scores)
        if logs is not None:
            logs.update(scores)
        if self.patience is not None and self.since_best >= self.patience:
            print(f"no better {self.metric} in {self.since_best} scores: training stops", file=sys.stderr)
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        """Notes what scoring has cost, as a share of the time."""
        self.cost = self.allowance.cost()

    def summary(self) -> str:
        """Returns in words which model is the best, how good it is beside real images, and what scoring has cost."""
        if self.best is None:
            return "no model was scored"
        name = self.metric.replace("_", " ")
        value, floor = self.best["scores"][self.metric], self.scorer.floor[self.metric]
        return (
            f"the best model is that of step {self.best['step']:,}: {name} ({self.scorer.protocol.extractor}, "
            f"{self.scorer.protocol.num_generated:,} images) {value:.3g}; of real images {floor:.3g}; "
            f"scoring took {self.cost:.1%} of the time"
        )

    def _note(self, epoch: int, scores: dict[str, float]) -> None:
        """Adds the scores to the table, and keeps the model if it is the best."""
        step = self._step()
        row: dict[str, Any] = {"epoch": epoch + 1, "step": step, **scores}
        rows = [*_read_rows(self.folder / "scores.csv"), row]
        _write_rows(self.folder / "scores.csv", rows)
        if self._is_better(scores[self.metric]) and not (self.guard is not None and self.guard.alarmed):
            with atomic_file(self.folder / "model.keras") as temporary:
                self.model.save(temporary)
            self.best = {
                "metric": self.metric,
                "step": step,
                "scores": scores,
                "floor": self.scorer.floor,
                "protocol": self.scorer.protocol.to_json(),
            }
            with atomic_file(self.folder / "best.json") as temporary:
                temporary.write_text(json.dumps(self.best, indent=2) + "\n")
        self.since_best = self._count_since_best(rows)

    def _count_since_best(self, rows: list[dict[str, Any]]) -> int:
        # Not counted step by step, for a training killed before its checkpoint scores its best model a second time.
        return 0 if self.best is None else sum(int(row["step"]) > self.best["step"] for row in rows)

    def _is_better(self, value: float) -> bool:
        if self.best is None:
            return True
        before = self.best["scores"][self.metric]
        return value < before if self.scorer.better(self.metric) == "lower" else value > before

    def _step(self) -> int:
        return int(self.model.optimizer.iterations.numpy())


def _read_rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    if not rows:
        path.unlink(missing_ok=True)
        return
    with atomic_file(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
