"""What is around the animal: sky, clouds, hills, trees and the ground it stands on."""

import numpy as np
from PIL import Image

SKIES = np.array([(104, 160, 226), (142, 186, 224), (168, 178, 196), (226, 178, 140)], np.float32)
HAZE = np.array([(206, 226, 242), (226, 232, 232), (206, 208, 210), (250, 222, 176)], np.float32)
GROUNDS = np.array([(96, 146, 62), (136, 160, 76), (196, 178, 104), (170, 146, 84)], np.float32)
HILLS = np.array([(96, 122, 134), (88, 116, 92), (128, 116, 100)], np.float32)
LEAVES = np.array([46, 82, 44], np.float32)
CLOUD = np.array([250, 250, 252], np.float32)
# Numbers in [0, 1) that a scene is made of, by what for.
DETAILS = {
    "sky": 1,
    "clouds": 24,
    "hills": 7,
    "ground": 1,
    "tufts": 80,
    "trees": 8,
    "horizon": 1,
    "light": 1,
}


def horizon_of(details: dict[str, np.ndarray]) -> float:
    """Returns how far down the horizon is, as a share of the picture's height."""
    return 0.36 + 0.12 * float(details["horizon"][0])


def light_of(details: dict[str, np.ndarray]) -> float:
    """Returns how light the day is: a factor of every colour but the sky's."""
    return 0.85 + 0.15 * float(details["light"][0])


def paint_scene(size: int, details: dict[str, np.ndarray]) -> np.ndarray:
    """Paints a scene without its animal: float32 `(size, size, 3)` in [0, 255].

    Args:
        size: Side in pixels.
        details: Numbers in [0, 1), as many as `DETAILS` says for each name.
    """
    horizon, light = horizon_of(details), light_of(details)
    down = ((np.arange(size, dtype=np.float32) + 0.5) / size)[:, None]
    across = ((np.arange(size, dtype=np.float32) + 0.5) / size)[None, :]
    picture = _sky(size, details, down / horizon)
    _hills(picture, details, down, across, horizon, light)
    _trees(picture, details, down, across, horizon, light)
    _ground(picture, details, down, horizon, light)
    return picture


def _pick(colours: np.ndarray, number: float) -> np.ndarray:
    """Returns a colour between two neighbours of a list; the same number is the same place in each list."""
    place = number * (len(colours) - 1)
    left = int(place)
    return colours[left] + (place - left) * (colours[left + 1] - colours[left])


def _blend(picture: np.ndarray, cover: np.ndarray, colour: np.ndarray) -> None:
    picture += cover[..., None] * (colour - picture)


def _smooth(numbers: np.ndarray, shape: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Returns numbers on a grid of this shape, enlarged smoothly to `size`, (width, height)."""
    return np.asarray(Image.fromarray(numbers.reshape(shape)).resize(size, Image.Resampling.BICUBIC))


def _sky(size: int, details: dict[str, np.ndarray], down: np.ndarray) -> np.ndarray:
    number = float(details["sky"][0])
    top, haze = _pick(SKIES, number), _pick(HAZE, number)
    share = np.clip(down, 0.0, 1.0)[..., None]
    picture = np.repeat(top + share * (haze - top), size, axis=1)
    clouds = _smooth(details["clouds"], (6, 4), (size, size))
    _blend(picture, np.clip(1.6 * (clouds - 0.55), 0.0, 0.8) * (1.0 - 0.7 * share[..., 0]), CLOUD)
    return picture


def _hills(
    picture: np.ndarray,
    details: dict[str, np.ndarray],
    down: np.ndarray,
    across: np.ndarray,
    horizon: float,
    light: float,
) -> None:
    """A ridge of two waves."""
    a, b, c, d, height, colour, _ = details["hills"].tolist()
    ridge = (0.5 + a) * np.sin(2 * np.pi * (across * (0.6 + b) + c)) + 0.5 * np.sin(2 * np.pi * (across * 2.3 + d))
    top = horizon - (0.03 + 0.09 * height) * (1.0 + 0.5 * ridge)
    _blend(picture, np.clip((down - top) * len(picture) + 0.5, 0.0, 1.0), light * _pick(HILLS, colour))


def _trees(
    picture: np.ndarray,
    details: dict[str, np.ndarray],
    down: np.ndarray,
    across: np.ndarray,
    horizon: float,
    light: float,
) -> None:
    """Up to four round crowns along the horizon."""
    for x, large in details["trees"].reshape(4, 2).tolist():
        if large < 0.4:
            continue
        radius = 0.03 + 0.06 * (large - 0.4)
        depth = radius - np.hypot((across - x) / 1.3, down - (horizon - 0.6 * radius))
        colour = light * LEAVES * (1.15 - 0.5 * np.clip((down - horizon) / radius + 1.0, 0.0, 1.0))[..., None]
        _blend(picture, np.clip(depth * len(picture) + 0.5, 0.0, 1.0), colour)


def _ground(
    picture: np.ndarray, details: dict[str, np.ndarray], down: np.ndarray, horizon: float, light: float
) -> None:
    """Grass, from green to dry, in tufts that are the larger the nearer they are."""
    size = len(picture)
    tufts = details["tufts"]
    near, far = _smooth(tufts[:40], (8, 5), (size, size)), _smooth(tufts[40:], (10, 4), (size, size))
    depth = np.clip((down - horizon) / (1.0 - horizon), 0.0, 1.0)
    texture = 0.82 + 0.18 * depth + 0.28 * (near - 0.5) * depth + 0.2 * (far - 0.5)
    colour = light * _pick(GROUNDS, float(details["ground"][0])) * texture[..., None]
    _blend(picture, np.clip((down - horizon) * size + 0.5, 0.0, 1.0) + np.zeros((1, size), np.float32), colour)
