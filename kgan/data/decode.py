"""From an encoded picture to uint8 pixels: one meaning for every file format, whatever it holds.

- A picture is turned as its EXIF orientation says; of an animation the first frame counts.
- 16-bit gray is scaled to 8 bits (divided by 257, so that white stays white), not clipped.
- Transparent parts lie on white, as on a page.
- Palettes and CMYK become RGB; colour becomes gray by the ITU-R 601 luma where one channel is asked for.
- A centred square is cut out and resized with an antialiasing bicubic filter.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

GRAY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B")


class Half(NamedTuple):
    """The left or the right half of a picture that holds two of one size, side by side."""

    joined: Path | bytes
    side: str

    def cut(self, width: int) -> tuple[int, int]:
        """Returns the half's first column and the one after its last.

        Raises:
            ValueError: If the halves of so many columns are not of one size.
        """
        if width % 2:
            raise ValueError(f"is {width} pixels wide, an odd number, and has no halves of one size")
        return (0, width // 2) if self.side == "left" else (width // 2, width)


Encoded = Path | bytes | Half


class Header(NamedTuple):
    """What a picture says of itself before it is decoded; height and width as it is to be seen."""

    height: int
    width: int
    gray: bool


def open_picture(encoded: Encoded) -> Image.Image:
    """Opens a picture file, or the bytes of one, without decoding it; of a half the whole."""
    if isinstance(encoded, Half):
        encoded = encoded.joined
    return Image.open(io.BytesIO(encoded) if isinstance(encoded, bytes) else encoded)


def read_header(encoded: Encoded) -> Header:
    """Reads height, width and whether the picture is stored as gray: by its mode, or by all colours of its palette."""
    with open_picture(encoded) as picture:
        height, width = picture.height, picture.width
        # Orientations 5 to 8 lie on their side.
        if picture.getexif().get(0x0112, 1) >= 5:
            height, width = width, height
        if isinstance(encoded, Half):
            left, right = encoded.cut(width)
            width = right - left
        return Header(height, width, _is_gray(picture))


def _is_gray(picture: Image.Image) -> bool:
    if picture.mode == "P":
        palette = np.asarray(picture.getpalette()).reshape(-1, 3)
        return bool((palette == palette[:, :1]).all())
    return picture.mode in GRAY_MODES


def read_pixels(encoded: Encoded, image_size: int | None, channels: int) -> np.ndarray:
    """Decodes a picture to uint8 `(height, width, channels)`, square of side `image_size` unless that is None."""
    with open_picture(encoded) as picture:
        ImageOps.exif_transpose(picture, in_place=True)
        if isinstance(encoded, Half):
            left, right = encoded.cut(picture.width)
            return fit(picture.crop((left, 0, right, picture.height)), image_size, channels)
        return fit(picture, image_size, channels)


def fit(picture: Image.Image, image_size: int | None, channels: int) -> np.ndarray:
    """Brings a decoded picture to uint8 `(height, width, channels)` by the rules at the top of this file."""
    if picture.mode.startswith("I"):
        wide = np.clip(np.asarray(picture), 0, 65535).astype(np.uint32)
        picture = Image.fromarray(((wide + 128) // 257).astype(np.uint8))
    elif picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    mode = "L" if channels == 1 else "RGB"
    if picture.mode != mode:
        picture = picture.convert(mode)
    if image_size is not None:
        side = min(picture.size)
        # Whole pixels, so that a picture which needs no resizing is cut and not blurred.
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
        if side != image_size:
            picture = picture.resize((image_size, image_size), Image.Resampling.BICUBIC)
    pixels = np.asarray(picture)
    return pixels[..., None] if channels == 1 else pixels
