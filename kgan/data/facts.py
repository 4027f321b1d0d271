"""What a look at every picture of a folder tells: its size, colours and alpha, and what it would be a duplicate of."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from kgan.data.decode import Header, fit, open_picture
from kgan.data.reading import Progress, attempt_each, reason_of

# A picture is colourless if hardly a pixel has channels farther apart than a JPEG file's rounding sets them.
COLOUR, COLOURED_SHARE = 12, 1e-3
THUMB = 16


class Facts(NamedTuple):
    """What is known of a picture.

    Attributes:
        height: As it is to be seen.
        width: The same.
        alpha: Whether it is stored with an alpha channel, or with a transparent colour.
        colourless: Whether all of it is gray, however it is stored.
        digest: Of its pixels in RGB; two pictures of one digest are the same, whatever their files' formats.
        thumb: uint8 `(THUMB, THUMB, 3)`, what remains of it whatever its size and quality.
    """

    height: int
    width: int
    alpha: bool
    colourless: bool
    digest: bytes
    thumb: np.ndarray

    @property
    def header(self) -> Header:
        """Height, width and colourless."""
        return Header(self.height, self.width, self.colourless)


def read_facts(files: Sequence[Path], progress: Progress | None) -> tuple[list[Facts | None], dict[int, str]]:
    """Looks at pictures; returns what is known of each, None of a broken one, and of those the reasons by index."""
    broken: dict[int, Exception] = {}
    found = attempt_each(lambda i: _look(files[i]), list(range(len(files))), "looking at images", broken, progress)
    return [found.get(i) for i in range(len(files))], {i: reason_of(broken[i]) for i in sorted(broken)}


def _look(file: Path) -> Facts:
    with open_picture(file) as picture:
        ImageOps.exif_transpose(picture, in_place=True)
        alpha = picture.has_transparency_data
        pixels = fit(picture, None, 3)
    height, width = pixels.shape[:2]
    spread = pixels.max(-1) - pixels.min(-1)
    digest = hashlib.blake2b(pixels.tobytes() + f"{height}x{width}".encode(), digest_size=16).digest()
    # Whole, not its middle square: what two pictures differ in may be at the edge.
    thumb = Image.fromarray(pixels).resize((THUMB, THUMB), Image.Resampling.BOX)
    return Facts(height, width, alpha, bool((spread > COLOUR).mean() < COLOURED_SHARE), digest, np.asarray(thumb))
