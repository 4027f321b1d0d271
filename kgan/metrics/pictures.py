"""Pictures of copies and of missing modes, to be looked at beside the numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kgan import pixels
from kgan.errors import InputError
from kgan.metrics.memorisation import Memorisation
from kgan.metrics.mode_dropping import ModeReport

GAP = 255


def copies_picture(report: Memorisation, samples: Any, train: Any, most: int = 12) -> np.ndarray:
    """Shows samples beside their nearest training images, the closest first, copies or not.

    A row for each: the sample; the training image as it is; the training image mirrored and shifted as the sample is;
    the absolute difference of sample and that.

    Args:
        report: What `CopyDetector` said of `samples`.
        samples: uint8 `(n, height, width, channels)`.
        train: The detector's training images.
        most: Rows.

    Returns:
        One uint8 picture.
    """
    rows = []
    for pair in report.nearest[:most]:
        sample, original = samples[pair.sample], train[np.array([pair.original])]
        fitted = pair.variant.apply(original)[0]
        difference = np.abs(sample.astype(np.int16) - fitted).astype(np.uint8)
        rows += [sample, original[0], fitted, difference]
    return pixels.grid(np.stack(rows), columns=4)


def modes_picture(
    report: ModeReport,
    real: Any,
    real_modes: Any,
    fake: Any,
    fake_modes: Any,
    *,
    modes: Sequence[int] | None = None,
    columns: int = 8,
) -> np.ndarray:
    """Shows modes, by default all that are missing or rare, as they are in the real images and in the samples.

    A row for each: `columns` real images of it, a white gap, and up to `columns` samples of it; where there are no
    more, black.

    Args:
        report: What `mode_report` said.
        real: uint8 `(n, height, width, channels)`.
        real_modes: Their modes, integers `(n,)`.
        fake: The samples, as `real`.
        fake_modes: Their modes.
        modes: Which to show.
        columns: Images a row on either side.

    Returns:
        One uint8 picture.

    Raises:
        InputError: If there is no mode to show.
    """
    shown = (*report.missing, *report.rare) if modes is None else tuple(modes)
    if not shown:
        raise InputError("no mode is missing or rare; say with `modes` which to show.")
    gap = np.full((1, *real.shape[1:]), GAP, np.uint8)
    rows = [
        np.concatenate([_first(real, real_modes, mode, columns), gap, _first(fake, fake_modes, mode, columns)])
        for mode in shown
    ]
    return pixels.grid(np.concatenate(rows), columns=2 * columns + 1)


def _first(images: Any, modes: Any, mode: int, count: int) -> np.ndarray:
    """Returns the first `count` images of a mode, filled up with black ones."""
    found = images[np.flatnonzero(np.asarray(modes) == mode)[:count]]
    return np.concatenate([found, np.zeros((count - len(found), *images.shape[1:]), np.uint8)])
