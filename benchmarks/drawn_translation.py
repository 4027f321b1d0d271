"""Whether translations of drawn images are right, which is known: facades read back, horses and zebras compared.

    python benchmarks/drawn_translation.py RUN [RUN ...] [--num 200]

Each RUN is one of `kgan train pix2pix --data synthetic/facades` or of `kgan train cyclegan --data synthetic/horses`;
what it published is judged on scenes of the test split, at the size that it was trained on.

- Facades: the share of pixels at which the label map read back from the photo is the one that was translated, beside
  that of the true photos and of the label maps themselves.
- Horses: the share of scenes whose translation is the right counterpart rather than a wrong one, the share that is
  nearer to the own scene's counterpart than to any other scene's, and the mean PSNR against it, beside those of the
  untranslated scenes and of the truth. A mapping is permuted if its animals are mirrored, of the other pose or moved
  more often than right, or its scenes mostly those of others.
"""

import argparse
import os
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from kgan.data import PairedImages, open_pairs
from kgan.data.synthetic import decode_facades, judge_horses
from kgan.evaluation import translated
from kgan.runs import Run

DRAWN = {"pix2pix": "synthetic/facades", "cyclegan": "synthetic/horses"}
PERMUTED = ("mirrored", "other pose", "moved")


def read_back(photos: np.ndarray, classes: np.ndarray) -> str:
    """Returns the agreement of photos with the classes of their label maps, as cells of a row."""
    shares = (decode_facades(photos) == classes).mean((1, 2))
    return f"{shares.mean():.2%} | {np.median(shares):.2%} | {shares.min():.2%}"


def judge_facades(model: Any, test: PairedImages) -> list[str]:
    """Returns the table of a translator of label maps, in lines of Markdown."""
    classes, labels = test.a.factors["classes"], test.a[:]
    images = {"translated": translated(model, labels, "a_to_b"), "true photos": test.b[:], "label maps": labels}
    head = ["| photos | pixels read back as asked | median photo | worst photo |", "|---|---|---|---|"]
    return [*head, *(f"| {name} | {read_back(photos, classes)} |" for name, photos in images.items())]


def own_scene(images: np.ndarray, truth: np.ndarray) -> float:
    """Returns the share of images that are nearer to their own truth than to that of any other scene."""
    flat, others = (np.reshape(each, (len(each), -1)).astype(np.float32) / 255 for each in (images, truth))
    # |x - y|^2 less |x|^2, which is the same for all y.
    distances = (others**2).sum(1)[None, :] - 2 * flat @ others.T
    return float((distances.argmin(1) == np.arange(len(images))).mean())


def compare_horses(images: np.ndarray, truth: np.ndarray, factors: dict[str, np.ndarray], domain: str) -> str:
    """Returns how images compare with what they ought to be, as cells of a row."""
    scores = judge_horses(images, factors, domain)
    answers, own = Counter(scores.answer.tolist()), own_scene(images, truth)
    wrong = ", ".join(f"{name} {count}" for name, count in answers.most_common() if name != "right")
    permuted = sum(answers[name] for name in PERMUTED) > answers["right"] or own < 0.5
    return (
        f"{answers['right'] / len(images):.1%} | {wrong or '-'} | {own:.1%} | {'yes' if permuted else 'no'} | "
        f"{scores.psnr.mean():.1f} | {np.percentile(scores.psnr, 5):.1f}"
    )


def judge_both_ways(model: Any, test: PairedImages) -> list[str]:
    """Returns the table of a translator of horses and zebras, in lines of Markdown."""
    columns = ["direction", "images", "right", "wrong", "own scene", "permuted", "PSNR, dB", "5 % quantile"]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    sides = {"a_to_b": (test.a, test.b, "zebra"), "b_to_a": (test.b, test.a, "horse")}
    for direction, (source, target, domain) in sides.items():
        scenes, truth = source[:], target[:]
        rows = {"translated": translated(model, scenes, direction), "untranslated": scenes, "truth": truth}
        for name, images in rows.items():
            cells = compare_horses(images, truth, source.factors, domain)
            lines.append(f"| {direction} | {name} | {cells} |")
    return lines


def judge(path: Path, num: int) -> list[str]:
    """Returns the table of a run, in lines of Markdown."""
    run = Run.open(path)
    if run.options.get("data") != DRAWN.get(run.app):
        wanted = " or ".join(f"`kgan train {app} --data {data}`" for app, data in DRAWN.items())
        raise SystemExit(f"{path} is a run of {run.app} on {run.options.get('data')}; expected one of {wanted}.")
    model = run.load_model()
    # Critics are of the size trained on.
    size = model.discriminators[0].inputs[0].shape[1]
    # Scenes of the test split are in no training, neither of A nor of B.
    test = open_pairs(DRAWN[run.app], split="test", image_size=size, num_images=num)
    return judge_facades(model, test) if run.app == "pix2pix" else judge_both_ways(model, test)


def main() -> None:
    """Judges each run, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--num", type=int, default=200)
    given = parser.parse_args()
    for path in given.runs:
        print("\n".join([f"\n{path}, {given.num} scenes:\n", *judge(path, given.num)]), flush=True)


if __name__ == "__main__":
    main()
