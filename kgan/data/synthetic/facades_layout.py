"""What stands where on a drawn facade: rectangles on a grid of 64 by 64 units, each painted as its kind is made."""

import functools
import itertools

import numpy as np

from kgan.data.synthetic.facades_materials import FACADE_CLASSES
from kgan.data.synthetic.facades_textures import brickwork, sky, tile

UNITS = 64
# How tall a floor, a bay and the ground floor must be, in units, for what belongs on them.
FLOOR, BAY, GROUND = 11, 13, (13, 16)


class Drawing:
    """A class map and, of the same size, how light each pixel is; rectangles are given in units."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.classes = np.zeros((size, size), np.uint8)
        self.tone = np.zeros((size, size), np.float32)

    def fill(self, kind: str, top: int, left: int, bottom: int, right: int, shadow: int = 0) -> None:
        """Paints a rectangle; what lies in front of the wall shades so many units below it."""
        rows, columns = self._pixels(top, left, bottom, right)
        if shadow:
            self.tone[self._pixels(bottom, left, bottom + shadow, right + 1)] *= 0.55
        self.classes[rows, columns] = FACADE_CLASSES.index(kind)
        self.tone[rows, columns] = tile(kind, rows.stop - rows.start, columns.stop - columns.start, self.size)

    def wall(self, top: int, left: int, bottom: int, right: int, coarse: bool) -> None:
        """Paints a wall of bricks, or of coarse blocks, laid from its own lower left corner."""
        rows, columns = self._pixels(top, left, bottom, right)
        self.classes[rows, columns] = FACADE_CLASSES.index("facade")
        self.tone[rows, columns] = brickwork(rows.stop - rows.start, columns.stop - columns.start, self.size, coarse)

    def _pixels(self, top: int, left: int, bottom: int, right: int) -> tuple[slice, slice]:
        edges = _edges(self.size)
        top, left, bottom, right = (min(max(place, 0), UNITS) for place in (top, left, bottom, right))
        return slice(edges[top], edges[bottom]), slice(edges[left], edges[right])


@functools.cache
def _edges(size: int) -> list[int]:
    """Returns the pixel at which each unit begins."""
    return np.rint(np.arange(UNITS + 1) * size / UNITS).astype(int).tolist()


def draw_facade(size: int, rng: np.random.Generator) -> tuple[Drawing, dict[str, int]]:
    """Draws a facade, from the sky to the street.

    Args:
        size: Side of the picture in pixels.
        rng: What everything is drawn from; the same generator makes the same facade at every size.

    Returns:
        The drawing, and how many `floors` (the ground floor counts) and `bays` it has.
    """
    drawing = Drawing(size)
    left, right = int(rng.integers(1, 7)), UNITS - int(rng.integers(1, 7))
    roof, street = int(rng.integers(3, 11)), UNITS - int(rng.integers(2, 5))
    ground = street - int(rng.integers(*GROUND, endpoint=True))
    upper = roof + 3
    floors = int(rng.integers(2, (ground - upper) // FLOOR, endpoint=True))
    bays = int(rng.integers(2, (right - left) // BAY, endpoint=True))
    drawing.tone[...] = sky(size, street / UNITS, rng)
    drawing.wall(roof, left, ground, right, coarse=False)
    drawing.wall(ground, left, street, right, coarse=True)
    edges = np.rint(np.linspace(left + 1, right - 1, bays + 1)).astype(int).tolist()
    levels = np.rint(np.linspace(upper, ground, floors + 1)).astype(int).tolist()
    _pillars(drawing, edges, upper, ground, rng)
    _upper_floors(drawing, edges, levels, rng)
    _ground_floor(drawing, edges, ground, street, rng)
    drawing.fill("molding", roof, left - 1, upper, right + 1, shadow=1)
    drawing.fill("molding", ground, left, ground + 2, right, shadow=1)
    return drawing, {"floors": floors + 1, "bays": bays}


def _pillars(drawing: Drawing, edges: list[int], top: int, bottom: int, rng: np.random.Generator) -> None:
    """Stands pillars at the corners, between all bays, or nowhere."""
    where = int(rng.integers(3))
    for edge in ([edges[0], edges[-1]], edges, [])[where]:
        drawing.fill("pillar", top, edge - 1, bottom, edge + 1)


def _upper_floors(drawing: Drawing, edges: list[int], levels: list[int], rng: np.random.Generator) -> None:
    """Puts a window in each bay of each floor, with what goes with it; floors differ, bays are alike."""
    narrowest = min(b - a for a, b in itertools.pairwise(edges))
    lowest = min(b - a for a, b in itertools.pairwise(levels))
    widest, tallest = min(12, narrowest - 8), min(14, lowest - 5)
    width = int(rng.integers(max(4, widest - 3), widest, endpoint=True))
    height = int(rng.integers(max(5, tallest - 4), tallest, endpoint=True))
    covers = int(rng.integers(3))
    has_deco = rng.random() < 0.4
    balconies = rng.permutation(len(levels) - 1)[: rng.integers(0, len(levels))]
    for floor, (top, bottom) in enumerate(itertools.pairwise(levels)):
        hooded = rng.random() < 0.6
        if floor and rng.random() < 0.3:
            drawing.fill("molding", top - 1, edges[0], top + 1, edges[-1], shadow=1)
        window_bottom = bottom - (lowest - height - 2) // 2 - 1
        for bay, (left, right) in enumerate(itertools.pairwise(edges)):
            middle = (left + right - width) // 2
            box = window_bottom - height, middle, window_bottom, middle + width
            _window(drawing, box, covers, hooded, floor in balconies, rng)
            if has_deco and bay:
                center = box[0] + height // 2
                drawing.fill("deco", center - 2, left - 1, center + 2, left + 2, shadow=1)


def _window(
    drawing: Drawing,
    box: tuple[int, int, int, int],
    covers: int,
    hooded: bool,
    balcony: bool,
    rng: np.random.Generator,
) -> None:
    top, left, bottom, right = box
    drawing.fill("window", *box)
    if covers == 1:
        drawing.fill("blind", top, left - 2, bottom, left)
        drawing.fill("blind", top, right, bottom, right + 2)
    elif covers == 2 and rng.random() < 0.5:
        drawing.fill("blind", top, left, top + int(rng.integers(2, bottom - top - 1)), right, shadow=1)
    if hooded:
        drawing.fill("cornice", top - 2, left - 1, top, right + 1, shadow=1)
    if balcony:
        drawing.fill("balcony", bottom - 3, left - 3, bottom + 1, right + 3, shadow=2)
    else:
        drawing.fill("sill", bottom, left - 1, bottom + 2, right + 1, shadow=1)


def _ground_floor(drawing: Drawing, edges: list[int], top: int, street: int, rng: np.random.Generator) -> None:
    """Puts a door in one bay, and shops or windows in the others."""
    has_shops = rng.random() < 0.5
    door = int(rng.integers(len(edges) - 1))
    for bay, (left, right) in enumerate(itertools.pairwise(edges)):
        middle = (left + right) // 2
        if bay == door:
            drawing.fill("door", top + 4, middle - 3, street, middle + 3)
            drawing.fill("cornice", top + 3, middle - 4, top + 5, middle + 4, shadow=1)
        elif has_shops:
            drawing.fill("shop", top + 4, left + 2, street - 1, right - 2)
        else:
            drawing.fill("window", top + 4, middle - 3, street - 4, middle + 3)
            drawing.fill("sill", street - 4, middle - 4, street - 2, middle + 4, shadow=1)
