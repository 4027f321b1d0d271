"""Drawn worlds of two sides: facades as label map and photo, scenes with a horse or a zebra."""

from collections.abc import Callable

import numpy as np

from kgan.data.decode import fit
from kgan.data.image_set import ImageSet
from kgan.data.reading import ReadOptions
from kgan.data.synthetic import facades, horses
from kgan.errors import unknown_name
from kgan.pixels import to_pil

Drawn = tuple[np.ndarray, dict[str, np.ndarray]]

SYNTHETIC_SEEDS = {"train": 0, "test": 1, "val": 4}
# Domain B of unpaired images is drawn from seeds of its own.
UNPAIRED = 2
COUNTS = {"train": 1000, "test": 200, "val": 200}
SIZE = 64


def _facades(side: str, num_images: int, size: int, seed: int) -> Drawn:
    labels, photos, factors = facades(num_images, size, seed)
    return labels if side == "a" else photos, factors


def _horses(side: str, num_images: int, size: int, seed: int) -> Drawn:
    return horses(num_images, size, seed, "horse" if side == "a" else "zebra")


TWO_SIDED: dict[str, Callable[[str, int, int, int], Drawn]] = {
    "synthetic/facades": _facades,
    "synthetic/horses": _horses,
}


def draw_sides(name: str, split: str, options: ReadOptions, *, paired: bool) -> tuple[ImageSet, ImageSet]:
    """Draws both sides of a world; the splits share nothing, and unpaired sides show nothing twice.

    Raises:
        InputError: If there is no such world or split, or it cannot be drawn at this size.
    """
    if name not in TWO_SIDED:
        raise unknown_name("data set of two sides", name, TWO_SIDED)
    if split not in SYNTHETIC_SEEDS:
        raise unknown_name(f"split of {name}", split, SYNTHETIC_SEEDS)
    seed = SYNTHETIC_SEEDS[split]
    other = seed if paired else seed + UNPAIRED
    a, b = (_draw_side(name, side, split, options, key) for side, key in (("a", seed), ("b", other)))
    return a, b


def _draw_side(name: str, side: str, split: str, options: ReadOptions, seed: int) -> ImageSet:
    images, factors = TWO_SIDED[name](side, options.num_images or COUNTS[split], options.image_size or SIZE, seed)
    if options.channels == 1:
        images = np.stack([fit(to_pil(image), None, 1) for image in images])
    return ImageSet(images, name=f"{name!r}", factors=factors)
