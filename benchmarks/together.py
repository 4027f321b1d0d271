"""Trainings at the same time, each on its share of the cores, and their verdicts; what is finished is left alone."""

import functools
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kgan import evaluation
from kgan.data import open_images
from kgan.metrics.features import open_extractor
from kgan.runs import Run

METRICS = ("frechet_distance", "classifier_score", "coverage")
KGAN = str(Path(sys.executable).with_name("kgan"))


def train(runs: dict[Path, list[str]]) -> None:
    """Trains at the same time; a run that has its model already is not trained again.

    Args:
        runs: The words after `kgan train`, by the run's folder.
    """
    cores = sorted(os.sched_getaffinity(0))
    share = max(len(cores) // len(runs), 1)
    processes = []
    for index, (out, words) in enumerate(runs.items()):
        if (out / "model.keras").exists():
            continue
        mine = set(cores[index * share :][:share]) or set(cores)
        command = [KGAN, "train", *words, "--out", str(out)]
        processes.append(subprocess.Popen(command, preexec_fn=lambda mine=mine: os.sched_setaffinity(0, mine)))
    for process in processes:
        if process.wait():
            raise SystemExit(f"{' '.join(map(str, process.args))} ended with exit code {process.returncode}")


def judge(run: Path, num: int, seed: int) -> dict[str, dict[str, float]]:
    """Scores `num` images of a run's best model, those of the seeds from `seed` on, against MNIST; value and floor."""
    scorer = _scorer(num, seed)
    values = scorer.score(evaluation.draw(Run.open(run).load_model(), num, seed))
    return {key: {"value": value, "floor": scorer.floor[key]} for key, value in values.items()}


@functools.cache
def _scorer(num: int, seed: int) -> evaluation.Scorer:
    real, held_out = open_images("mnist"), open_images("mnist", split="test")
    lenet = open_extractor("lenet-mnist")
    return evaluation.Scorer(real, lenet, METRICS, num_images=num, seed=seed, held_out=held_out)
