"""What faces are painted with: coordinates that move with each face, and shapes with antialiased edges.

A shape is its depth: the distance to its edge, positive inside, in pixels of a face of scale 1, an array
`(n, height, width)`. Where shapes overlap the smaller depth counts, of shapes joined the larger.
"""

import contextlib
from collections.abc import Iterator

import numpy as np

Values = dict[str, np.ndarray]
Half = np.ndarray | float

SIZE = 64
MIDDLE = np.float32((SIZE - 1) / 2)


class Canvas:
    """Pictures in the making.

    Attributes:
        pixels: float32 `(n, 3, height, width)` in [0, 255].
        across: Each pixel's place in face coordinates, right of the face's middle, in pixels at scale 1.
        down: The same below the middle.
        factors: Of the faces; `x`, `y`, `scale` and `tilt` make the coordinates.
    """

    def __init__(self, pixels: np.ndarray, across: np.ndarray, down: np.ndarray, factors: Values) -> None:
        self.pixels = pixels
        self.across = across
        self.down = down
        self.factors = factors

    @classmethod
    def blank(cls, factors: Values) -> "Canvas":
        """Returns a canvas of `SIZE` by `SIZE` pixels for these faces."""
        x, y, scale, tilt = (factors[name][:, None, None] for name in ("x", "y", "scale", "tilt"))
        grid = np.arange(SIZE, dtype=np.float32) - MIDDLE
        right, below = grid - x, grid[:, None] - y
        cos, sin = np.cos(tilt) / scale, np.sin(tilt) / scale
        pixels = np.empty((len(x), 3, SIZE, SIZE), np.float32)
        return cls(pixels, right * cos + below * sin, below * cos - right * sin, factors)

    def rows(self, first: int, last: int = SIZE) -> "Canvas":
        """Returns some of the rows; what is painted there is painted here."""
        part = np.s_[..., first:last, :]
        return Canvas(self.pixels[part], self.across[part], self.down[part], self.factors)

    def paint(self, depth: np.ndarray, colour: np.ndarray, opacity: float = 1.0) -> None:
        """Lays a colour `(n, 3)` over the pixels inside a shape, over those on its edge by how much it covers."""
        # A pixel of breadth 1 is covered in full half a pixel inside the edge and not at all half a pixel outside.
        cover = depth * self.factors["scale"][:, None, None]
        cover += 0.5
        np.clip(cover, 0.0, 1.0, out=cover)
        if opacity < 1.0:
            cover *= opacity
        change = colour[:, :, None, None] - self.pixels
        change *= cover[:, None]
        self.pixels += change

    @contextlib.contextmanager
    def window(self, across: np.ndarray, down: float, side: int) -> Iterator["Canvas"]:
        """Gives the square of `side` pixels about a place, across `(n,)`, as a canvas of its own, and takes it back."""
        x, y, scale, tilt = (self.factors[name] for name in ("x", "y", "scale", "tilt"))
        cos, sin = scale * np.cos(tilt), scale * np.sin(tilt)
        middle = np.rint([y + across * sin + down * cos + MIDDLE, x + across * cos - down * sin + MIDDLE]).astype(int)
        first, left = np.clip(middle - side // 2, 0, SIZE - side)[:, :, None] + np.arange(side)
        image, rows, columns = np.arange(len(x))[:, None, None], first[:, :, None], left[:, None, :]
        part = image, rows, columns
        every = image[:, None], np.arange(3)[:, None, None], rows[:, None], columns[:, None]
        inside = Canvas(self.pixels[every], self.across[part], self.down[part], self.factors)
        yield inside
        self.pixels[every] = inside.pixels


def ellipse(across: np.ndarray, down: np.ndarray, breadth: Half, height: Half) -> np.ndarray:
    """Returns the depth in an ellipse of these half axes about 0: right at its edge, too large about its middle."""
    # With f = x^2/a^2 + y^2/b^2 the distance is about (1 - f) / |grad f|.
    x, y = across / breadth, down / height
    inside = 1.0 - x * x
    inside -= y * y
    x /= breadth
    y /= height
    x *= x
    y *= y
    x += y
    np.sqrt(x, out=x)
    x += 1e-3
    inside /= x
    inside *= 0.5
    return inside


def interpolate(places: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Returns, for each row of knots and values `(n, k)`, the straight lines through them at `places` `(m,)`."""
    left = (places >= knots[:, 1:-1, None]).sum(1)
    before, after = (np.take_along_axis(knots, left + shift, 1) for shift in (0, 1))
    low, high = (np.take_along_axis(values, left + shift, 1) for shift in (0, 1))
    return low + (high - low) * np.clip((places - before) / (after - before), 0.0, 1.0)


def look_up(profiles: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Returns the entries of each picture's own profile `(n, k)` at an index `(n, height, width)`, made whole."""
    length = profiles.shape[1]
    whole = np.clip(index, 0, length - 1).astype(np.intp)
    whole += length * np.arange(len(profiles))[:, None, None]
    return profiles.ravel().take(whole)
