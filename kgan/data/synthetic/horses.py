"""Drawn horses and zebras in scenes: two domains whose every picture has one counterpart in the other.

A scene is a field, its sky and an animal's place and pose. In domain A the animal is a horse, in domain B a zebra; all
else is the same. So a translation has one right answer, while training sees no scene in both domains.
"""

from collections.abc import Mapping

import numpy as np

from kgan.data.synthetic.horses_animal import GROUND, Place, body, paint
from kgan.data.synthetic.horses_scene import DETAILS, light_of, paint_scene
from kgan.errors import InputError, unknown_name

Factors = Mapping[str, np.ndarray]

DOMAINS = ("horse", "zebra")
SIZES = (64, 256)


def horses(
    num_images: int, size: int = 64, seed: int = 0, domain: str = "horse"
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draws scenes with a horse in each, or the same scenes with a zebra.

    `horses(n, size, seed, "horse")` and `horses(n, size, seed, "zebra")` are counterparts, image by image: what a right
    translation makes of one is the other. For unpaired training take different seeds.

    Image i is a pure function of (seed, i, domain), and the same scene at every size. One core draws some 500 a second
    at 64 pixels, 120 at 256.

    Args:
        num_images: How many.
        size: Side in pixels, 64 to 256.
        seed: Which world; two seeds share no scene.
        domain: `"horse"`, chestnut with a dark mane, or `"zebra"`.

    Returns:
        `(images, factors)`: uint8 `(num_images, size, size, 3)`, and arrays of length `num_images`, the same for both
        domains:

        - `x`, `y`: float32, the middle of the animal's trunk, as shares of the picture's side from its upper left.
        - `scale`: float32, the trunk's length as a share of the side, uniform in [0.36, 0.46].
        - `facing`: int64, 1 if it looks right, -1 if left.
        - `raised`: float32, how high the head is: in [0.5, 1], looking ahead, or [-1, -0.7], grazing.
        - `stride`: float32, where in its step it is, uniform in [-1, 1].
        - `details`: float32 `(num_images, k)`, what sky, hills, trees and ground are made of.

    Raises:
        InputError: If `num_images` is not positive, `size` is out of range, or there is no such domain.
    """
    if num_images < 1:
        raise InputError(f"num_images={num_images}: expected at least 1.")
    if not SIZES[0] <= size <= SIZES[1]:
        raise InputError(f"size={size}: scenes are drawn at {SIZES[0]} to {SIZES[1]} pixels.")
    truth, rest = np.random.SeedSequence(seed).spawn(2)
    # Both draws fill their rows one after another, so the first rows do not depend on how many follow.
    factors = _factors(np.random.default_rng(truth).random((num_images, 7)))
    factors["details"] = np.random.default_rng(rest).random((num_images, sum(DETAILS.values())), dtype=np.float32)
    return draw_horses(factors, size, domain), factors


def draw_horses(factors: Factors, size: int, domain: str | None) -> np.ndarray:
    """Draws the scenes of these factors: uint8 `(n, size, size, 3)`.

    Args:
        factors: As `horses` returns them.
        size: Side in pixels.
        domain: As for `horses`; also `"gray"`, a zebra whose stripes are lost, or None, no animal.

    Raises:
        InputError: If there is no such domain.
    """
    if domain is not None and domain not in (*DOMAINS, "gray"):
        raise unknown_name("domain", domain, DOMAINS)
    images = np.empty((len(factors["x"]), size, size, 3), np.uint8)
    for index in range(len(images)):
        details = _details(factors["details"][index])
        picture = paint_scene(size, details)
        if domain is not None:
            place, light = _place(factors, index, size), light_of(details)
            _shadow(picture, place)
            parts = body(float(factors["raised"][index]), float(factors["stride"][index]))
            paint(picture, parts, place, domain, light)
        images[index] = picture + 0.5
    return images


def _factors(uniform: np.ndarray) -> dict[str, np.ndarray]:
    """Makes the factors of numbers in [0, 1), seven a scene."""
    x, y, scale, facing, pose, raised, stride = uniform.T
    grazing = pose < 0.4
    right = facing < 0.5
    factors = {
        # The head makes an animal reach farther to the side that it looks to.
        "x": 0.5 + 0.2 * (x - 0.5) - np.where(right, 0.06, -0.06),
        "y": 0.54 + 0.08 * y,
        "scale": 0.36 + 0.1 * scale,
        "raised": np.where(grazing, -0.7 - 0.3 * raised, 0.5 + 0.5 * raised),
        "stride": 2.0 * stride - 1.0,
    }
    return {
        **{name: values.astype(np.float32) for name, values in factors.items()},
        "facing": np.where(right, 1, -1).astype(np.int64),
    }


def _details(numbers: np.ndarray) -> dict[str, np.ndarray]:
    ends = np.cumsum(list(DETAILS.values()))[:-1]
    return dict(zip(DETAILS, np.split(numbers, ends), strict=True))


def _place(factors: Factors, index: int, size: int) -> Place:
    """Returns where the animal is in pixels, whose middles lie at whole numbers."""
    x, y, scale = (float(factors[name][index]) for name in ("x", "y", "scale"))
    return Place(size * x - 0.5, size * y - 0.5, size * scale, int(factors["facing"][index]))


def _shadow(picture: np.ndarray, place: Place) -> None:
    """Darkens the ground below an animal."""
    size = len(picture)
    grid = np.arange(size, dtype=np.float32)
    across = (grid[None, :] - place.x) / (0.62 * place.scale)
    down = (grid[:, None] - (place.y + GROUND * place.scale)) / (0.09 * place.scale)
    picture *= (1.0 - 0.4 * np.clip(2.0 - 2.0 * (across**2 + down**2), 0.0, 1.0))[..., None]
