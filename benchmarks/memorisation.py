"""Plants generators that copy training images of MNIST, drop digits or repeat themselves, and says who is caught.

    python benchmarks/memorisation.py [--space lenet-mnist] [--pictures FOLDER]

Needs MNIST (TFDS_DATA_DIR). A planted copier mixes copies of training images, changed or not, with held-out digits. The
detector is calibrated on 2000 other held-out digits, then, without any, on training images. Real digits alone, in 100
resamples, must raise no alarm. Exit code 1 if they do, or if a copier of 10 % or more, or a dropper, goes unnoticed.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from kgan import pixels
from kgan.data import open_images
from kgan.metrics.collapse import collapse
from kgan.metrics.features import open_extractor
from kgan.metrics.memorisation import CopyDetector, Variant, blurred_pixels
from kgan.metrics.memorisation.calibration import ALARM_LEVEL, Calibration
from kgan.metrics.memorisation.variants import variants
from kgan.metrics.mode_dropping import Clusters, mode_report
from kgan.metrics.pictures import copies_picture, modes_picture

SAMPLES, CALIBRATION, RESAMPLES = 1000, 2000, 100
SHARES = (0.05, 0.1, 0.5, 1.0)
SHIFTS = [variant for variant in variants(1, mirrored=False) if variant != Variant()]
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def shift(images: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Shifts each image by one pixel, in one of eight directions."""
    chosen = draw.integers(len(SHIFTS), size=len(images))
    return np.stack([SHIFTS[one].apply(image[None])[0] for one, image in zip(chosen, images, strict=True)])


def noise(images: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Adds Gaussian noise of standard deviation 0.05, white being 1, clipped to what an image can hold."""
    noisy = images + 0.05 * 255.0 * draw.standard_normal(images.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


CHANGES: dict[str, Change] = {
    "exact": lambda images, draw: images,
    "shifted": shift,
    "mirrored": lambda images, draw: images[:, :, ::-1],
    "noise 0.05": noise,
    "all three": lambda images, draw: noise(shift(images[:, :, ::-1], draw), draw),
}


def plant(train: np.ndarray, others: np.ndarray, share: float, change: Change, seed: int) -> tuple:
    """Returns samples of a copier, and for each the training image that it copies, or -1."""
    draw = np.random.default_rng(seed)
    count = round(share * SAMPLES)
    originals = np.full(SAMPLES, -1)
    originals[draw.permutation(SAMPLES)[:count]] = draw.choice(len(train), count, replace=False)
    samples = others[draw.choice(len(others), SAMPLES, replace=False)]
    copied = originals >= 0
    samples[copied] = change(train[originals[copied]], draw)
    return samples, originals


def copiers(
    detector: CopyDetector, train: np.ndarray, others: np.ndarray, kinds: tuple[str, ...], folder: Path | None
) -> bool:
    """Prints a line for each copier; returns whether all of 10 % and more are caught."""
    print(f"calibrated on {detector.calibrated_on}; threshold {detector.calibration.threshold:.3f}")
    print("copies  kind         found         p alarm  named: right missed seconds")
    caught = True
    for kind in kinds:
        for share in SHARES:
            samples, originals = plant(train, others, share, CHANGES[kind], seed=round(100 * share))
            start = time.perf_counter()
            report = detector(samples)
            seconds = time.perf_counter() - start
            right = sum(originals[pair.sample] == pair.original for pair in report.pairs)
            missed = (originals >= 0).sum() - right
            alarm = "yes" if report.alarm else "no"
            print(f"{share:>6.0%}  {kind:10} {report.score:>7.1%} {report.p_value:>9.1e} {alarm:>5}", end=" ")
            print(f"{right:>6} of {len(report.pairs):>4} {missed:>6} {seconds:>7.1f}", flush=True)
            caught &= report.alarm or share < 0.1
    print(report.describe())
    if folder:
        pixels.save_png(folder / "copies.png", copies_picture(report, samples, train))
        pixels.save_png(folder / "no-copies.png", copies_picture(detector(others[:SAMPLES]), others, train))
    return caught


def false_alarms(detector: CopyDetector, others: np.ndarray) -> int:
    """Draws samples from digits that are no copies, and calibrates on others of them too; returns how many alarms."""
    relative = detector.search(others).relative
    this_one, drawn_anew = [], []
    for seed in range(RESAMPLES):
        order = np.random.default_rng(seed).permutation(len(relative))
        samples = relative[order[:SAMPLES]]
        this_one.append(detector.calibration.test(samples)[1])
        drawn_anew.append(Calibration(relative[order[SAMPLES : SAMPLES + CALIBRATION]]).test(samples)[1])
    for name, p_values in (("this calibration", this_one), ("calibrations drawn anew", drawn_anew)):
        alarms = sum(p < ALARM_LEVEL for p in p_values)
        print(f"{RESAMPLES} resamples of held-out digits, {name}: {alarms} alarms, least p {min(p_values):.1e}")
    return sum(p < ALARM_LEVEL for p in this_one + drawn_anew)


def modes_and_collapse(train: np.ndarray, test: np.ndarray, labels: np.ndarray, folder: Path | None) -> bool:
    """Prints what is said of generators that drop 3, halve 7 or repeat 10 images; returns whether it is right."""
    lenet, draw, count = open_extractor("lenet-mnist"), np.random.default_rng(0), 2 * SAMPLES
    real = train[draw.choice(len(train), 10_000, replace=False)]
    halved = np.concatenate([np.flatnonzero(labels != 7), np.flatnonzero(labels == 7)[::2]])
    repeating = test[:count].copy()
    repeating[: count // 10] = test[-10:].repeat(count // 100, axis=0)
    planted = {
        "real": test[:count],
        "without-3": test[labels != 3][:count],
        "half-the-7": test[draw.permutation(halved)[:count]],
        "a-tenth-are-10-images": repeating,
    }
    seen, pixel = lenet(real), blurred_pixels(real)
    classes, clusters = seen.probabilities.argmax(1), Clusters(pixel)
    found = {}
    for name, samples in planted.items():
        values, probabilities = lenet(samples)
        by_class = mode_report(classes, probabilities.argmax(1), 10)
        by_cluster = mode_report(clusters(pixel), clusters(blurred_pixels(samples)), len(clusters.centres))
        repeats = collapse(pixel, blurred_pixels(samples)), collapse(seen.values, values)
        print(f"\n{name}\n  classes: {by_class.describe()}\n  clusters: {by_cluster.describe()}")
        print(f"  blurred pixels: {repeats[0].describe()}\n  lenet-mnist: {repeats[1].describe()}", flush=True)
        found[name] = by_class.missing, by_class.rare, *(one.alarm for one in repeats)
        if folder and by_class.alarm:
            picture = modes_picture(by_class, real, classes, samples, probabilities.argmax(1))
            pixels.save_png(folder / f"{name}.png", picture)
    return found == {
        "real": ((), (), False, False),
        "without-3": ((3,), (), False, False),
        "half-the-7": ((), (7,), False, False),
        "a-tenth-are-10-images": ((), (), True, True),
    }


def false_mode_alarms(train: np.ndarray) -> int:
    """Holds training images against others in resamples; prints and returns the number of alarms."""
    pixel, classes = blurred_pixels(train), open_extractor("lenet-mnist")(train).probabilities.argmax(1)
    alarms = np.zeros(3, int)
    for seed in range(RESAMPLES):
        order = np.random.default_rng(seed).permutation(len(train))
        samples, real = order[:SAMPLES], order[SAMPLES : 4 * SAMPLES]
        clusters = Clusters(pixel[real], seed=seed)
        by_class = mode_report(classes[real], classes[samples], 10)
        by_cluster = mode_report(clusters(pixel[real]), clusters(pixel[samples]), len(clusters.centres))
        alarms += by_class.alarm, by_cluster.alarm, collapse(pixel[real], pixel[samples], seed).alarm
    print(f"\n{RESAMPLES} resamples of real digits: alarms for classes, clusters, collapse: {alarms.tolist()}")
    return int(alarms.sum())


def main() -> None:
    """Parses the command line and runs it all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--space", help="an extractor, by name; blurred pixels if not given")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures")
    given = parser.parse_args()
    extractor = open_extractor(given.space) if given.space else None
    space = blurred_pixels if extractor is None else lambda images: extractor(images).values
    train, held_out = open_images("mnist", split="train").images, open_images("mnist", split="test")
    order = np.random.default_rng(0).permutation(len(held_out))
    test, labels = held_out[order], held_out.labels[order]
    good = True
    for calibration, kinds in ((test[:CALIBRATION], tuple(CHANGES)), (None, ("noise 0.05",))):
        start = time.perf_counter()
        detector = CopyDetector(train, calibration, space=space, calibration=CALIBRATION)
        print(f"\n{time.perf_counter() - start:.1f} s to calibrate")
        folder = None if calibration is None else given.pictures
        good &= copiers(detector, train, test[CALIBRATION:], kinds, folder)
        good &= not false_alarms(detector, test[CALIBRATION:])
    good &= modes_and_collapse(train, test, labels, given.pictures)
    good &= not false_mode_alarms(train)
    sys.exit(not good)


if __name__ == "__main__":
    main()
