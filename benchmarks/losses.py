"""Every kind of loss in the dcgan app on real MNIST, one set of defaults, long, as a table and a picture.

    TFDS_DATA_DIR=... python benchmarks/losses.py --minutes 15 --out losses

Two trainings run at a time, each on half of the cores. Of each loss: the best and the last distance while it
was trained (5,000 images), that of the published model on 10,000 other samples, and a row of samples, seeds 0 to 15.
Started again, it goes on after the last training that was finished.
"""

import argparse
import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import together
from PIL import Image

LOSSES = {
    "non_saturating": [],
    "least_squares": [],
    "hinge": [],
    "wasserstein": ["--penalty", "gradient_penalty"],
    "relativistic_average": [],
    "kl": [],
}
SAMPLES = 16
# The monitor's samples are those of the seeds from 0 on.
SEED = 1_000_000


def row(run: Path, num: int) -> list[str]:
    """Returns a run's row: images trained, best and last distance in training, then the published model's values."""
    with (run / "best" / "scores.csv").open(newline="") as file:
        scores = list(csv.DictReader(file))
    options = json.loads((run / "options.json").read_text())["options"]
    images = int(scores[-1]["step"]) * options["batch_size"]
    distances = [float(score["frechet_distance"]) for score in scores]
    judged = together.judge(run, num, SEED)
    published = [judged[key]["value"] for key in ("frechet_distance", "classifier_score", "coverage")]
    return [run.name, f"{images:,}", *(f"{value:.3g}" for value in (min(distances), distances[-1], *published))]


def picture(runs: list[Path], path: Path) -> None:
    """Draws a row of samples a run."""
    rows = []
    for run in runs:
        out = run / "row.png"
        words = ["sample", str(run), "--num", str(SAMPLES), "--columns", str(SAMPLES), "--out", str(out)]
        subprocess.run([together.KGAN, *words], check=True)
        rows.append(np.asarray(Image.open(out)))
    Image.fromarray(np.concatenate(rows)).save(path)


def main() -> None:
    """Trains, tabulates, draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--num", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=Path("losses"))
    given = parser.parse_args()
    common = ["dcgan", "--minutes", str(given.minutes)]
    words = {given.out / loss: [*common, "--loss", loss, *more] for loss, more in LOSSES.items()}
    runs = list(words)
    for index in range(0, len(runs), 2):
        together.train({run: words[run] for run in runs[index : index + 2]})
    rows = [row(run, given.num) for run in runs]
    print("| loss | images | best distance | last distance | published: distance | score | coverage |")
    print("|---" * 7 + "|")
    for cells in rows:
        print(f"| {' | '.join(cells)} |")
    picture(runs, given.out / "losses.png")
    print(given.out / "losses.png")


if __name__ == "__main__":
    main()
