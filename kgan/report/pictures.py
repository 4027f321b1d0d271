"""Pictures within a page: as data, smaller where all of them would be too much."""

import base64
import dataclasses
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from kgan import pixels
from kgan.errors import RunError
from kgan.report.markup import Html, element

# Bytes of all pictures in a page, which as text are a third more: 14 MB.
BUDGET = 10_500_000
# Small pictures are shown larger, by whole factors, up to about this width.
SHOWN = 528
QUALITY = 90


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture as a page holds it.

    Attributes:
        content: The file's bytes.
        kind: `"png"` or `"jpeg"`.
        width: In pixels.
        height: In pixels.
    """

    content: bytes
    kind: str
    width: int
    height: int

    def image(self, words: str, width: int | None = None, **attributes: object) -> Html:
        """Returns the element that shows it.

        Args:
            words: What it shows, for those who do not see it.
            width: Of the picture before it was made smaller to fit; by default its own.
            **attributes: More of the element.
        """
        source = f"data:image/{self.kind};base64,{base64.b64encode(self.content).decode()}"
        own = width or self.width
        shown = own * max(1, SHOWN // own)
        attributes = {"width": shown, "height": round(shown * self.height / self.width), **attributes}
        return element("img", src=source, alt=words, **attributes)


def fitted(files: Sequence[Path], budget: int = BUDGET) -> list[Picture]:
    """Returns pictures that take no more than so many bytes together.

    As they are, if they fit; otherwise compressed with loss, and if that is not enough, made smaller.

    Raises:
        RunError: If a file is no picture.
    """
    if sum(file.stat().st_size for file in files) <= budget:
        return [_as_it_is(file) for file in files]
    scale = 1.0
    while True:
        pictures = [_compressed(file, scale) for file in files]
        total = sum(len(picture.content) for picture in pictures)
        if total <= budget:
            return pictures
        scale *= min(0.9, 0.95 * math.sqrt(budget / total))


def inlined(image: np.ndarray) -> Picture:
    """Returns an image, uint8 `(height, width, 1 or 3)`, as a page holds it."""
    buffer = io.BytesIO()
    pixels.to_pil(image).save(buffer, format="PNG", optimize=True)
    return Picture(buffer.getvalue(), "png", image.shape[1], image.shape[0])


def _as_it_is(file: Path) -> Picture:
    with _opened(file) as picture:
        return Picture(file.read_bytes(), "png", *picture.size)


def _compressed(file: Path, scale: float) -> Picture:
    with _opened(file) as picture:
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        smaller = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    smaller.save(buffer, format="JPEG", quality=QUALITY, subsampling=0)
    return Picture(buffer.getvalue(), "jpeg", *size)


def _opened(file: Path) -> Image.Image:
    try:
        picture = Image.open(file)
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise RunError(f"{file} is no picture that can be read ({error}); remove it and try again.") from None
    return picture
