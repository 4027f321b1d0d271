"""Drawn digits: what MNIST looks like, with the class, slant, stroke width, size and place of each one known.

A digit is a few strokes through control points (`GLYPHS`). The points are shaken a little, as a hand would, then
stretched, sheared and moved; a pixel is as white as the pen, a disc of the stroke's width, covers it.
"""

import numpy as np

from kgan.data.synthetic.glyphs import GLYPHS, stroke_segments
from kgan.errors import InputError

SIZE = 28
RANGES = {
    "slant": (-0.35, 0.35),
    "width": (1.5, 3.5),
    "scale": (14.0, 18.0),
    "aspect": (0.8, 1.15),
    "x": (-2.0, 2.0),
    "y": (-2.0, 2.0),
}
SHAKE = 0.025
CHUNK = 64

_STARTS, _ENDS, _CONTROLS = stroke_segments(GLYPHS)


def digits(num_images: int, seed: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draws handwritten-looking digits, white on black, antialiased.

    Image i is a pure function of (seed, i): a larger `num_images` adds images and leaves the earlier ones as they are.
    One core draws some 8,000 a second.

    Args:
        num_images: How many.
        seed: Which world; two seeds share no image.

    Returns:
        `(images, factors)`: uint8 images `(num_images, 28, 28, 1)`, and arrays of length `num_images`:

        - `label`: int64, the digit, each of the ten equally likely.
        - `slant`: shift to the right per unit of height, uniform in [-0.35, 0.35]; positive leans right.
        - `width`: of the stroke in pixels, uniform in [1.5, 3.5].
        - `scale`: height of the digit in pixels, between the middles of its outermost strokes, uniform in [14, 18].
        - `aspect`: stretch of the digit's breadth, uniform in [0.8, 1.15].
        - `x`, `y`: the digit's centre, in pixels right of and below the image's centre, uniform in [-2, 2].

        All but `label` are float32 and independent of each other.

    Raises:
        InputError: If `num_images` is not positive.
    """
    if num_images < 1:
        raise InputError(f"num_images={num_images}: expected at least 1.")
    truth, shakes = np.random.SeedSequence(seed).spawn(2)
    # Both draws fill their rows one after another, so the first rows do not depend on how many follow.
    uniform = np.random.default_rng(truth).random((num_images, 1 + len(RANGES)))
    shake = np.random.default_rng(shakes).standard_normal((num_images, *_CONTROLS.shape[1:]), dtype=np.float32)
    factors = {"label": (10 * uniform[:, 0]).astype(np.int64)}
    for column, (name, (low, high)) in enumerate(RANGES.items(), start=1):
        factors[name] = (low + (high - low) * uniform[:, column]).astype(np.float32)
    images = np.empty((num_images, SIZE, SIZE, 1), np.uint8)
    for first in range(0, num_images, CHUNK):
        rows = slice(first, first + CHUNK)
        images[rows, ..., 0] = _draw({name: values[rows] for name, values in factors.items()}, SHAKE * shake[rows])
    return images, factors


def _draw(factors: dict[str, np.ndarray], shake: np.ndarray) -> np.ndarray:
    """Draws the digits of these factors: uint8 `(n, 28, 28)`."""
    label = factors["label"]
    points = _place(_CONTROLS[label] + shake, factors)
    distance = _distance(_STARTS[label] @ points, _ENDS[label] @ points)
    # A pixel of breadth 1 is covered in full half a pixel inside the edge and not at all half a pixel outside.
    cover = np.clip(factors["width"][:, None, None] / 2 + 0.5 - distance, 0.0, 1.0)
    return np.rint(255.0 * cover).astype(np.uint8)


def _place(points: np.ndarray, factors: dict[str, np.ndarray]) -> np.ndarray:
    """Maps control points from the glyph's box, x in about [-0.3, 0.3] and y in [0, 1], to pixels `(n, points, 2)`."""
    slant, scale, aspect, x, y = (factors[name][:, None] for name in ("slant", "scale", "aspect", "x", "y"))
    height = points[..., 1] - 0.5
    middle = (SIZE - 1) / 2
    across = middle + x + scale * (aspect * points[..., 0] - slant * height)
    return np.stack([across, middle + y + scale * height], axis=-1)


def _distance(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Returns the distance `(n, 28, 28)` from each pixel to the nearest of the segments `(n, segments, 2)`.

    For a pixel p and a segment from a along d: with u = (p - a).d / |d|^2 and t = clip(u, 0, 1), the squared distance
    is |p - a|^2 + |d|^2 t (t - 2u). Both |p - a|^2 and u are sums of a part of x and a part of y.
    """
    grid = np.arange(SIZE, dtype=np.float32)
    nearest = np.full((len(starts), SIZE, SIZE), np.inf, np.float32)
    offset = grid[:, None] - starts[:, :, None, :]
    along = ends - starts
    squared = np.maximum(np.sum(along**2, axis=-1), 1e-6)
    share = offset * (along / squared[..., None])[:, :, None, :]
    offset *= offset
    for segment in range(starts.shape[1]):
        u = share[:, segment, :, None, 1] + share[:, segment, None, :, 0]
        t = np.clip(u, 0.0, 1.0)
        u *= -2.0
        u += t
        u *= t
        u *= squared[:, segment, None, None]
        u += offset[:, segment, :, None, 1]
        u += offset[:, segment, None, :, 0]
        np.minimum(nearest, u, out=nearest)
    return np.sqrt(np.maximum(nearest, 0.0))
