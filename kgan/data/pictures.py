"""A picture file as a translator needs it, and back: pixels, what to keep beside them, and the same format."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from kgan.data.decode import Encoded, fit, open_picture
from kgan.files import atomic_file

# Formats that Pillow's plain `save` would write worse than they came.
QUALITY = {"JPEG": {"quality": 95}, "WEBP": {"quality": 95}}
OPAQUE = ("JPEG", "BMP")


@dataclasses.dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: uint8 `(height, width, channels)`, upright.
        alpha: uint8 `(height, width)`, or None if all of it is opaque.
        format: Pillow's name of the file format, such as `"PNG"`.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    format: str


def read_picture(encoded: Encoded, channels: int) -> Picture:
    """Decodes a picture for a network of so many channels, 1 or 3; its transparency is kept, not laid on white.

    Turned as its EXIF orientation says; of an animation the first frame; 16-bit gray scaled to 8 bits.

    Raises:
        OSError: If the file cannot be read as a picture.
    """
    with open_picture(encoded) as picture:
        kind = picture.format or "PNG"
        ImageOps.exif_transpose(picture, in_place=True)
        if not picture.has_transparency_data:
            return Picture(fit(picture, None, channels), None, kind)
        whole = picture.convert("RGBA")
        return Picture(fit(whole.convert("RGB"), None, channels), np.asarray(whole.getchannel("A")), kind)


def write_picture(path: Path, pixels: np.ndarray, alpha: np.ndarray | None = None, format: str = "PNG") -> None:
    """Writes uint8 pixels `(height, width, 1 or 3)` and alpha `(height, width)`; an old file stays until this is whole.

    A format without transparency gets the picture on white.
    """
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if alpha is not None:
        picture = picture.convert("RGB")
        picture.putalpha(Image.fromarray(alpha))
        if format in OPAQUE:
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    options: dict[str, Any] = QUALITY.get(format, {})
    with atomic_file(path) as temporary:
        picture.save(temporary, format=format, **options)
