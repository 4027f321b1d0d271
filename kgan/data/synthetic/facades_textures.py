"""How light each pixel of a facade's parts is: bricks, glazing bars, slats, railings, from 0, darkest, to 1, lightest.

A part is lit from the upper left. Its texture begins at its own edges, so that where a bar or a slat lies follows from
the label map, but only from how far off the edges are.
"""

import functools
from collections.abc import Callable

import numpy as np
from PIL import Image

Tone = np.ndarray


def _period(size: int, units: float, least: int = 2) -> int:
    """Returns how many pixels so many 64ths of the picture's side are."""
    return max(least, round(units * size / 64))


def _ramp(length: int) -> Tone:
    """Returns 0 to 1 over the pixels' middles."""
    return (np.arange(length, dtype=np.float32) + 0.5) / length


def _every(length: int, period: int, wide: int = 1) -> np.ndarray:
    """Returns which pixels belong to lines `wide` pixels broad, one a period."""
    return np.arange(length) % period < wide


@functools.lru_cache(maxsize=4096)
def tile(kind: str, height: int, width: int, size: int) -> Tone:
    """Returns the tone `(height, width)` of a part of this kind in a picture of side `size`; not to be written to."""
    line = max(1, round(size / 64))
    tone = np.broadcast_to(_TEXTURES[kind](height, width, line), (height, width)).astype(np.float32)
    tone.setflags(write=False)
    return tone


def brickwork(height: int, width: int, size: int, coarse: bool) -> Tone:
    """Returns the tone of a wall: courses of bricks or of blocks, every other one shifted by half a brick."""
    course, brick = _period(size, 5.0 if coarse else 3.0, 3), _period(size, 9.0 if coarse else 6.0, 4)
    joint = max(1, size // 96)
    rows = np.arange(height)[::-1]
    shift = (rows // course % 2) * (brick // 2)
    across = np.arange(width)[None, :] + shift[:, None]
    # Bricks differ a little; a number from their place, so that it is the same wall wherever it stands.
    tone = 0.42 + 0.22 * ((across // brick * 37 + rows[:, None] // course * 59) % 7 / 6)
    tone[(rows % course < joint)[:, None] | (across % brick < joint)] = 0.2 if coarse else 0.88
    return tone.astype(np.float32)


def sky(size: int, horizon: float, rng: np.random.Generator) -> Tone:
    """Returns the tone of the sky, with clouds, down to `horizon`, and of the street below."""
    clouds = Image.fromarray(rng.random((5, 4), dtype=np.float32)).resize((size, size), Image.Resampling.BICUBIC)
    down = _ramp(size)[:, None]
    tone = 0.45 + 0.3 * down + 0.5 * np.maximum(np.asarray(clouds) - 0.5, 0.0)
    street = (down - horizon) / (1.0 - horizon)
    return np.where(street > 0.0, np.where(street < 0.3, 0.3, 0.05 + 0.1 * street), tone).astype(np.float32)


def _window(height: int, width: int, line: int) -> Tone:
    """Glass that mirrors the sky across one corner, in a frame with a bar down the middle and one across."""
    down, across = _ramp(height)[:, None], _ramp(width)[None, :]
    tone = 0.42 - 0.3 * down + 0.25 * (down + across < 0.75)
    bars = np.zeros((height, width), bool)
    bars[:line] = bars[-line:] = bars[:, :line] = bars[:, -line:] = True
    middle, third = (width - line) // 2, height // 3
    # An even number of pixels has its middle between two of them.
    bars[:, middle : middle + line + (width - line) % 2] = True
    if height >= 7 * line:
        bars[third : third + line] = True
    return np.where(bars, 0.95, tone)


def _door(height: int, width: int, line: int) -> Tone:
    """Two leaves with a panel each in dark frames, and a light over them."""
    tone = np.full((height, width), 0.55)
    panels = slice(height // 4 + 2 * line, -2 * line)
    tone[panels, 2 * line : -2 * line] = 0.8
    tone[: height // 4] = 1.0
    tone[height // 4 : height // 4 + line] = 0.1
    middle = (width - line) // 2
    tone[:, middle : middle + line + (width - line) % 2] = 0.1
    tone[:, :line] = tone[:, -line:] = tone[:line] = 0.2
    return tone


def _ledge(height: int, width: int, line: int) -> Tone:
    """Stone that juts out: light above, dark below, brighter to the left."""
    return 0.95 - 0.75 * np.linspace(0.0, 1.0, height)[:, None] ** 1.5 - 0.1 * _ramp(width)


def _balcony(height: int, width: int, line: int) -> Tone:
    """Upright bars between a rail and a slab."""
    tone = np.where(_every(width, 2 * line, line), 0.75, 0.05) * np.ones((height, 1))
    tone[:line] = 1.0
    tone[-line:] = 0.45
    return tone


def _blind(height: int, width: int, line: int) -> Tone:
    """Slats."""
    return np.where(_every(height, 2 * line, line), 0.9, 0.25)[:, None] - 0.15 * _ramp(width)


def _deco(height: int, width: int, line: int) -> Tone:
    """A diamond that stands out of a plaque."""
    down, across = 2 * _ramp(height)[:, None] - 1, 2 * _ramp(width)[None, :] - 1
    inside = np.abs(down) + np.abs(across) < 0.9
    return np.where(inside, 0.7 - 0.3 * (down + across), 0.15)


def _molding(height: int, width: int, line: int) -> Tone:
    """A light edge over a row of blocks."""
    tone = np.where(_every(width, 4 * line, 2 * line), 0.75, 0.3) * np.ones((height, 1))
    tone[:line] = 1.0
    tone[-line:] = 0.1 if height > 2 * line else 0.35
    return tone


def _pillar(height: int, width: int, line: int) -> Tone:
    """A round shaft between a head and a foot."""
    tone = 0.15 + 0.85 * np.sin(np.pi * (0.25 + 0.75 * _ramp(width))) * np.ones((height, 1))
    tone[: 2 * line] = tone[-2 * line :] = 0.9
    tone[2 * line : 3 * line] = tone[-3 * line : -2 * line] = 0.05
    return tone


def _shop(height: int, width: int, line: int) -> Tone:
    """A striped awning over a dark show window."""
    down, across = _ramp(height)[:, None], _ramp(width)[None, :]
    tone = np.where((down + across) % 0.5 < 0.12, 0.35, 0.05 + 0.1 * down)
    awning = max(2 * line, height // 3)
    tone[:awning] = np.where(_every(width, 4 * line, 2 * line), 1.0, 0.5)
    tone[-line:] = tone[awning:, :line] = tone[awning:, -line:] = 0.6
    return tone


_TEXTURES: dict[str, Callable[[int, int, int], Tone]] = {
    "window": _window,
    "door": _door,
    "cornice": _ledge,
    "sill": _ledge,
    "balcony": _balcony,
    "blind": _blind,
    "deco": _deco,
    "molding": _molding,
    "pillar": _pillar,
    "shop": _shop,
}
