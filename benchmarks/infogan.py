"""The infogan app, several seeds: how well its codes tell class, slant and stroke width, as a table.

    TFDS_DATA_DIR=... python benchmarks/infogan.py --seeds 3 --out infogan

Two are trained at a time, each on half of the processor's cores, for as many whole epochs as the images are worth, and
the table is made of what each run wrote about its codes. Started again, it goes on after the last training that was
finished.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import together

from kgan.data import open_images

CATEGORICAL = "categorical_1"
# Drawn digits stray farther from the middle than MNIST's.
OPTIONS = {"mnist": [], "synthetic": ["--shift", "0.15"]}


def table(reports: dict[str, dict[str, Any]]) -> str:
    """Returns the table in Markdown: a row a run; of several the median and the worst accuracy below."""
    first = next(iter(reports.values()))["codes"]
    continuous = [name for name in first if name != CATEGORICAL]
    factors = list(first[continuous[0]]["correlations"])
    head = ["run", "accuracy", "L_I, nats", *(f"{name}: {factor}" for name in continuous for factor in factors)]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for run, report in reports.items():
        codes = report["codes"]
        cells = [f"{codes[CATEGORICAL]['accuracy']:.2%}", f"{codes[CATEGORICAL]['nats']:.3f}"]
        for name in continuous:
            within = codes[name]["within_classes"]
            cells += [f"{codes[name]['correlations'][factor]:.2f} ({within[factor]:.2f})" for factor in factors]
        lines.append(f"| {run} | {' | '.join(cells)} |")
    accuracies = [report["codes"][CATEGORICAL]["accuracy"] for report in reports.values()]
    lines.append(f"\naccuracy: median {statistics.median(accuracies):.2%}, worst {min(accuracies):.2%}")
    return "\n".join(lines)


def main() -> None:
    """Trains, reads, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=660_000, help="that each training sees; whole epochs of them")
    parser.add_argument("--data", choices=["mnist", "synthetic"], default="mnist")
    parser.add_argument("--out", type=Path, default=Path("infogan"))
    given = parser.parse_args()
    epochs = str(max(round(given.images / len(open_images(given.data))), 1))
    runs = {f"{given.data}, seed {seed}": given.out / f"{given.data}-{seed}" for seed in range(given.seeds)}
    options = ["--data", given.data, "--epochs", epochs, *OPTIONS[given.data]]
    words = [["infogan", *options, "--seed", str(seed)] for seed in range(given.seeds)]
    for start in range(0, given.seeds, 2):
        pair = slice(start, start + 2)
        together.train(dict(zip(list(runs.values())[pair], words[pair], strict=True)))
    print(table({name: json.loads((run / "codes" / "table.json").read_text()) for name, run in runs.items()}))


if __name__ == "__main__":
    main()
