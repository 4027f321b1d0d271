"""Finding the same pictures twice, pixel by pixel or nearly so."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from kgan.data.facts import Facts
from kgan.data.reading import Progress

# Root mean square over thumbnails, in gray levels. Real facades and anime faces saved anew at JPEG quality 50 to 95, or
# at half the size, stayed within 3.7 of themselves. Different ones were 14.8 apart and more, drawn digits 7.0.
NEAR = 5.0
# Thumbnails that vary less than this are too plain to tell from each other.
PLAIN = 2 * NEAR
ROWS = 512


class Twin(NamedTuple):
    """That an item is an earlier one again: their places, and whether every pixel is the same."""

    item: int
    earlier: int
    exact: bool


def find_twins(items: Sequence[Sequence[Facts]], near: bool, progress: Progress | None = None) -> list[Twin]:
    """Finds the items that show what an earlier one shows already, each once.

    Args:
        items: The pictures of each: one, or both of a pair, which is a duplicate only if both are.
        near: Whether to look for near duplicates as well, which takes longer: every two are compared.
        progress: See `open_images`.
    """
    first: dict[tuple[bytes, ...], int] = {}
    twins = []
    for index, item in enumerate(items):
        earlier = first.setdefault(tuple(facts.digest for facts in item), index)
        if earlier != index:
            twins.append(Twin(index, earlier, exact=True))
    if near:
        again = {twin.item for twin in twins}
        for earlier, index in _near_pairs(items, progress):
            if earlier not in again and index not in again:
                again.add(index)
                twins.append(Twin(index, earlier, exact=False))
    return sorted(twins)


def _near_pairs(items: Sequence[Sequence[Facts]], progress: Progress | None) -> Iterator[tuple[int, int]]:
    """Yields (earlier, later) of items whose thumbnails are all near, in order; those of plain pictures say nothing."""
    thumbs = [np.array([item[k].thumb for item in items], np.float32) for k in range(len(items[0]))] if items else []
    told = [thumb.reshape(len(items), -1).std(1) >= PLAIN for thumb in thumbs]
    rows = np.flatnonzero(np.all(told, axis=0)) if items else np.empty(0, int)
    # Around the middle, where float32 is finest.
    points = [thumb.reshape(len(items), -1)[rows] - 127.5 for thumb in thumbs]
    for start in range(0, len(rows), ROWS):
        close: np.ndarray | bool = True
        for point in points:
            squares = (point**2).sum(1)
            part = slice(start, start + ROWS)
            distances = squares[part, None] + squares[None, start:] - 2.0 * (point[part] @ point[start:].T)
            close &= distances < NEAR**2 * point.shape[1]
        for earlier, later in np.argwhere(np.triu(close, k=1)):
            yield int(rows[start + earlier]), int(rows[start + later])
        if progress:
            progress("comparing images", min(start + ROWS, len(rows)), len(rows))
