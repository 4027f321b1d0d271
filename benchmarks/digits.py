"""The dcgan app on real MNIST beside TensorFlow's tutorial, minute for minute, several seeds, as a table.

    TFDS_DATA_DIR=... python benchmarks/digits.py --minutes 10 --seeds 3 --out digits

Two are trained at a time, as a rule the app and the tutorial's recipe, each on half of the processor's cores, all
through the same `kgan train`, and what each publishes is judged alike, on other samples than those it was chosen by.
Started again, it goes on after the last training that was finished.
"""

import argparse
from pathlib import Path
from typing import Any

import together

ROWS = {"frechet_distance": "Frechet distance", "classifier_score": "score", "coverage": "coverage"}
APPS = {"dcgan": "dcgan", "tutorial": str(Path(__file__).with_name("tutorial.py"))}
# The monitor's samples are those of the seeds from 0 on.
SEED = 1_000_000


def table(results: dict[str, dict[str, Any]]) -> str:
    """Returns the table in Markdown: a row a run, and the real images' own values at the end."""
    lines = [f"| run | {' | '.join(ROWS.values())} |", "|---" * (len(ROWS) + 1) + "|"]
    for name, rows in results.items():
        lines.append(f"| {name} | {' | '.join(format(rows[key]['value'], '.3g') for key in ROWS)} |")
    rows = next(iter(results.values()))
    lines.append(f"| real images (floor) | {' | '.join(format(rows[key]['floor'], '.3g') for key in ROWS)} |")
    return "\n".join(lines)


def main() -> None:
    """Trains, judges, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tutorials", type=int, default=3, help="seeds of the tutorial's recipe, at most --seeds")
    parser.add_argument("--num", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=Path("digits"))
    given = parser.parse_args()
    jobs = [("dcgan", seed) for seed in range(given.seeds)]
    for seed in range(given.tutorials):
        jobs.insert(2 * seed + 1, ("tutorial", seed))
    runs = {f"{name}, seed {seed}": given.out / f"{name}-{seed}" for name, seed in jobs}
    words = [[APPS[name], "--minutes", str(given.minutes), "--seed", str(seed)] for name, seed in jobs]
    for start in range(0, len(jobs), 2):
        pair = slice(start, start + 2)
        together.train(dict(zip(list(runs.values())[pair], words[pair], strict=True)))
    print(table({name: together.judge(run, given.num, SEED) for name, run in runs.items()}))


if __name__ == "__main__":
    main()
