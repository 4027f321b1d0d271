"""What a digit's strokes look like, measured on the image: how far they lean, and how broad they are."""

from typing import Any

import numpy as np

from kgan.errors import InputError


def slant(images: Any) -> np.ndarray:
    """Returns how far each digit leans, in pixels to the right per pixel of height; positive leans right.

    From second moments about the centre of mass, with pixels as masses: -mu11 / mu02 is the slope of the line that fits
    each row's place best, and shearing by it makes the digit upright (as in the preparation of MNIST's deslanted form,
    LeCun et al. 1998). A class has a slant of its own in this measure, a 7 another than a 2: compare within classes.

    Args:
        images: uint8 `(n, height, width, 1)`, white strokes on black.

    Returns:
        `(n,)`; NaN for an image that is black, or white in one row alone.

    Raises:
        InputError: If images are of another form.
    """
    mass = _masses(images)
    rows, columns = (np.arange(size, dtype=np.float64) for size in mass.shape[1:])
    with np.errstate(invalid="ignore", divide="ignore"):
        total = mass.sum(axis=(1, 2))
        down = rows - (mass.sum(axis=2) @ rows / total)[:, None]
        across = columns - (mass.sum(axis=1) @ columns / total)[:, None]
        return -np.einsum("nhw,nh,nw->n", mass, down, across) / np.einsum("nhw,nh->n", mass, down**2)


def stroke_width(images: Any) -> np.ndarray:
    """Returns the mean breadth of each digit's strokes, in pixels: twice their area over the length of their outline.

    A stroke of length l and breadth b has the area l b and, its ends aside, an outline of 2 l. The outline's length is
    the image's total variation, the sum of |∇x|, which is its mean over all levels of gray (coarea formula).

    Args:
        images: uint8 `(n, height, width, 1)`, white strokes on black.

    Returns:
        `(n,)`; NaN for an image that is black.

    Raises:
        InputError: If images are of another form.
    """
    mass = np.pad(_masses(images), ((0, 0), (1, 1), (1, 1)))
    down, across = np.diff(mass, axis=1)[:, :, 1:], np.diff(mass, axis=2)[:, 1:]
    with np.errstate(invalid="ignore"):
        return 2.0 * mass.sum(axis=(1, 2)) / np.hypot(down, across).sum(axis=(1, 2))


def _masses(images: Any) -> np.ndarray:
    """Returns float64 `(n, height, width)` in [0, 1]."""
    array = np.asarray(images)
    if array.ndim != 4 or array.shape[-1] != 1 or array.dtype != np.uint8:
        raise InputError(
            f"`images` must be gray, uint8 (n, height, width, 1); got {array.dtype} of shape {array.shape}."
        )
    return array[..., 0] / 255.0
