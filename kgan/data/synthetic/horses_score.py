"""Whether a translated scene is the right one: the truth is known, and so is what a wrong one would look like."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from kgan.data.synthetic.horses import DOMAINS, Factors, draw_horses
from kgan.errors import InputError

RIGHT = "right"
# Of the mean squared error, so that a perfect picture has a finite PSNR: what rounding to 8 bits leaves.
LEAST_ERROR = 1 / 12
# What colour and contrast are taken over, as a share of the side: about a stripe and the gap beside it.
PATCH = 1 / 13


class HorseScores(NamedTuple):
    """How translated scenes compare with the right ones.

    Attributes:
        answer: What each is most like, of the same scene: `"right"`; `"other animal"`, as one that was not translated;
            `"plain"`, a zebra that lost its stripes; `"mirrored"`; `"other pose"`; `"moved"`; or `"no animal"`.
        psnr: Of each against the right one, in dB, at most 58.9.
    """

    answer: np.ndarray
    psnr: np.ndarray


def judge_horses(images: np.ndarray, factors: Factors, domain: str) -> HorseScores:
    """Compares translated scenes with what they ought to be, and with what they ought not to be.

    Each image is compared with its own scene drawn right and drawn wrong: with the other animal, a zebra in plain gray,
    the animal looking to the other side, with its head up instead of down or down instead of up, a fifth of its trunk's
    length to the left or right, and without it. What is nearest is the answer. All have the same surroundings, so that
    only the animal decides.

    Nearest means by the mean colour and the contrast of the patch about each pixel, so that stripes are stripes
    wherever they lie on the animal. That they lie where they ought to is for the PSNR to tell.

    Args:
        images: Translations into `domain`, uint8 `(n, size, size, 3)`.
        factors: Of their scenes, as `horses` returns them; row i is that of image i.
        domain: What they were translated to: `"horse"` or `"zebra"`.

    Raises:
        InputError: If the images are not of that type and shape, are not as many as the scenes, or there is no such
            domain.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape != (len(factors["x"]), images.shape[1], images.shape[1], 3):
        raise InputError(
            f"images: expected uint8 ({len(factors['x'])}, size, size, 3), one a scene; got {images.dtype} "
            f"{images.shape}."
        )
    looks, names, distances = _looks(images), [], []
    for name, changed, animal in _candidates(factors, domain):
        drawn = draw_horses(changed, images.shape[1], animal)
        names.append(name)
        distances.append(((looks - _looks(drawn)) ** 2).mean((1, 2, 3)))
        if name == RIGHT:
            error = ((images.astype(np.float32) - drawn) ** 2).mean((1, 2, 3))
    nearest = np.argmin(distances, axis=0)
    return HorseScores(np.array(names)[nearest], 10.0 * np.log10(255.0**2 / np.maximum(error, LEAST_ERROR)))


def _looks(images: np.ndarray) -> np.ndarray:
    """Returns the mean RGB and the luma's standard deviation in the patch about each pixel: float32 `(n, h, w, 4)`."""
    pixels = images.astype(np.float32)
    luma = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    patch = round(PATCH * images.shape[1])
    mean = ndimage.uniform_filter(pixels, (0, patch, patch, 0))
    variance = ndimage.uniform_filter(luma**2, (0, patch, patch)) - ndimage.uniform_filter(luma, (0, patch, patch)) ** 2
    return np.concatenate([mean, np.sqrt(np.maximum(variance, 0.0))[..., None]], axis=-1)


def _candidates(factors: Factors, domain: str) -> list[tuple[str, Factors, str | None]]:
    """Returns what images are compared with: name, factors and animal; the right ones first."""
    aside = 0.2 * factors["scale"]
    return [
        (RIGHT, factors, domain),
        ("other animal", factors, next(other for other in DOMAINS if other != domain)),
        ("plain", factors, "gray"),
        # The trunk stays in its place, so that it is the head and the tail that tell.
        ("mirrored", {**factors, "facing": -factors["facing"]}, domain),
        ("other pose", {**factors, "raised": -factors["raised"]}, domain),
        ("moved", {**factors, "x": factors["x"] - aside}, domain),
        ("moved", {**factors, "x": factors["x"] + aside}, domain),
        ("no animal", factors, None),
    ]
