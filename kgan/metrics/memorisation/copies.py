"""`CopyDetector`: is a generator making pictures of its own, or handing out its training images?"""

from typing import Any

import numpy as np

from kgan.errors import InputError
from kgan.metrics.checks import check_count
from kgan.metrics.memorisation.calibration import ALARM_LEVEL, Calibration
from kgan.metrics.memorisation.report import Memorisation, Pair
from kgan.metrics.memorisation.search import Space, VariantSearch, check_images
from kgan.metrics.memorisation.spaces import blurred_pixels

# Calibration images nearer than this to a training image are that image: rounding is all that is between them.
SAME = 1e-4
LEAST_TRAIN = 10


class CopyDetector:
    """Tells copies of training images, also mirrored, shifted, noisy, brighter or paler ones, from new images.

    A sample is a copy when its relative distance to the nearest training image (`VariantSearch`) is below that of all
    but 1 in 1000 images that are no copies (`Calibration`): held-out images, or, in want of them, training images,
    each against all others. More of them than chance explains, at a level of 1e-4, are an alarm.

    Calibration images that are in the training set themselves are left out and counted in `calibrated_on`.

    Args:
        train: uint8 `(n, height, width, channels)`, at least 10: an array, or what has its shape, dtype, length,
            slices and rows by index.
        held_out: Images of the same kind that the training has not seen; None calibrates on training images.
        space: The features in which distances are taken, from uint8 images to `(n, d)`; an extractor's `.values`.
        largest_shift: A copy may be shifted by so many pixels each way, at least 0.
        mirrored: Whether a mirrored image is a copy.
        calibration: Images to calibrate on at most; drawn from `held_out` or from `train`.
        seed: Of that draw.

    Raises:
        InputError: If an argument is not as above, or no images are left to calibrate on.
    """

    def __init__(
        self,
        train: Any,
        held_out: Any = None,
        *,
        space: Space = blurred_pixels,
        largest_shift: int = 1,
        mirrored: bool = True,
        calibration: int = 2000,
        seed: int = 0,
    ) -> None:
        check_images(train, "train", at_least=LEAST_TRAIN)
        self.shape = tuple(train.shape[1:])
        if held_out is not None:
            check_images(held_out, "held_out", self.shape)
        largest_shift = check_count(largest_shift, "largest_shift", at_least=0)
        calibration = check_count(calibration, "calibration")
        self.search = VariantSearch(train, space, largest_shift, mirrored)
        source = train if held_out is None else held_out
        chosen = np.sort(np.random.default_rng(seed).permutation(len(source))[:calibration])
        relative = self.search(source[chosen], own=chosen if held_out is None else None).relative
        self.calibrated_on = _describe(relative, left_one_out=held_out is None)
        self.calibration = Calibration(relative[relative >= SAME])

    def __call__(self, samples: np.ndarray) -> Memorisation:
        """Looks for copies among samples.

        Args:
            samples: uint8 `(n, height, width, channels)`, of the training images' shape.

        Raises:
            InputError: If they are not that, or so few that not even n copies would be evidence.
        """
        check_images(samples, "samples", self.shape)
        found = self.search(samples)
        copies, p_value, needed = self.calibration.test(found.relative)
        order = np.argsort(found.relative, kind="stable").tolist()
        return Memorisation(
            score=copies / len(samples),
            expected=self.calibration.expected,
            p_value=p_value,
            alarm=p_value < ALARM_LEVEL,
            threshold=self.calibration.threshold,
            detectable=needed / len(samples),
            calibrated_on=self.calibrated_on,
            nearest=tuple(Pair(i, int(found.originals[i]), found.variants[i], float(found.relative[i])) for i in order),
        )


def _describe(relative: np.ndarray, left_one_out: bool) -> str:
    """Says in words what distances a calibration has to go by.

    Raises:
        InputError: If all of them are of images in the training set.
    """
    repeated, count = int((relative < SAME).sum()), len(relative)
    if repeated == count:
        raise InputError(
            f"all {count} images to calibrate on are in the training set{' twice' * left_one_out}; "
            "`held_out` must be images that the training has not seen."
        )
    kind = "training images, each against the others" if left_one_out else "held-out images"
    left_out = f" ({repeated} more are in the training set{' twice' * left_one_out})" if repeated else ""
    return f"{count - repeated} {kind}{left_out}"
