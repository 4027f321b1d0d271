"""Trainings at the same time, each on its share of the cores, and their verdicts; what is finished is left alone."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def judge(run: Path, num: int, seed: int) -> dict[str, Any]:
    """Evaluates a run's best model on `num` images from `seed` on; returns the rows of its report by key."""
    folder = run / "judged"
    options = ["--num", str(num), "--seed", str(seed), "--extractor", "lenet-mnist", "--out", str(folder)]
    subprocess.run([KGAN, "evaluate", str(run), *options], check=True)
    return {row["key"]: row for row in json.loads((folder / "report.json").read_text())["rows"]}
