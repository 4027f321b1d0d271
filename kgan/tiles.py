"""Pictures too large to be translated at once: in overlapping tiles, blended."""

from collections.abc import Callable

import numpy as np

from kgan.errors import InputError


def in_tiles(translate: Callable[[np.ndarray], np.ndarray], image: np.ndarray, tile: int, overlap: int) -> np.ndarray:
    """Translates a picture tile by tile and blends the tiles where they overlap, by weights that fall off linearly.

    Networks that normalise by the statistics of what they see (instance norm) see those of a tile here, not of the
    whole picture: tones may differ between far tiles, as smoothly as the overlap allows.

    Args:
        translate: Maps `(h, w, channels)` float32 in [-1, 1] to as large a picture.
        image: `(height, width, channels)` float32 in [-1, 1].
        tile: Side of a tile, in pixels; a picture of one tile or less is translated at once.
        overlap: Pixels that neighbours share at least, below half of `tile`.

    Returns:
        float32, of the picture's height and width.

    Raises:
        InputError: If tile or overlap are not as above.
    """
    if tile < 2 or not 0 <= overlap <= (tile - 1) // 2:
        raise InputError(f"tiles of {tile} pixels can overlap by 0 to {max((tile - 1) // 2, 0)}; got {overlap}.")
    height, width = image.shape[:2]
    if max(height, width) <= tile:
        return translate(image)
    total: np.ndarray | None = None
    weights = np.zeros((height, width, 1), np.float32)
    for top in _starts(height, tile, overlap):
        for left in _starts(width, tile, overlap):
            rows, columns = slice(top, min(top + tile, height)), slice(left, min(left + tile, width))
            made = translate(image[rows, columns])
            if total is None:
                total = np.zeros((height, width, made.shape[-1]), np.float32)
            weight = _ramp(made.shape[0], overlap)[:, None, None] * _ramp(made.shape[1], overlap)[None, :, None]
            total[rows, columns] += weight * made
            weights[rows, columns] += weight
    assert total is not None
    return total / weights


def _starts(length: int, tile: int, overlap: int) -> list[int]:
    """Returns where tiles begin, evenly, the first at 0 and the last ending at `length`."""
    if length <= tile:
        return [0]
    count = -(-(length - overlap) // (tile - overlap))
    return [round(index * (length - tile) / (count - 1)) for index in range(count)]


def _ramp(length: int, overlap: int) -> np.ndarray:
    """Returns weights that rise from either end to 1, above 0 everywhere."""
    from_end = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1.0
    return np.minimum(from_end / (overlap + 1.0), 1.0).astype(np.float32)
