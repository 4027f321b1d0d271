"""Draws the README's picture with the models in the box: docs/images/front.jpg.

    python tools/draw_front.py

Faces from four prompts, each digit as it was asked for, digits from noise alone: seeds counted from 0, none picked. Of
the translators, which need pictures to begin with, rows of the grids on their cards.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from kgan import pixels
from kgan.export import find_model, load_published

ROOT = Path(__file__).parents[1]
PROMPTS = ("pink hair, green eyes", "blonde hair, blue eyes", "aqua hair, yellow eyes", "black hair, red eyes")
# Rows of the card's grid.
HORSES = (0, 1, 2)
FACES, GAP = 12, 6
WIDTH = FACES * 64


def main() -> None:
    """Draws it."""
    rows = [_faces(), _digits("conditional-mnist", 2), _digits("dcgan-mnist", 1)]
    # Map, translation and photo of two facades; three horses as zebras, three zebras as horses.
    rows.append(_tiles("pix2pix-facades", 128, [(row, column) for row in (1, 4) for column in (0, 1, 2)]))
    pairs = [(row, column) for first in (0, 3) for row in HORSES for column in (first, first + 1)]
    rows.append(_tiles("cyclegan-horse2zebra", 64, pairs))
    height = sum(row.height + GAP for row in rows) - GAP
    picture = Image.new("RGB", (WIDTH, height), "white")
    top = 0
    for row in rows:
        picture.paste(row, (0, top))
        top += row.height + GAP
    picture.save(ROOT / "docs" / "images" / "front.jpg", quality=90)


def _faces() -> Image.Image:
    model = load_published(find_model("anime-faces"))
    asked = [np.repeat(model.encoder.encode(prompt)[None], FACES, axis=0) for prompt in PROMPTS]
    return _grid(np.concatenate([model(model.latents(np.arange(FACES), condition)) for condition in asked]), FACES)


def _digits(name: str, rows: int) -> Image.Image:
    """Returns rows of digits, 0 to 9 twice in a row where they can be asked for."""
    model = load_published(find_model(name))
    count = 24
    seeds = np.arange(rows * count)
    asked = None if model.conditions is None else model.conditions.one_hot(seeds % count % 10)
    drawn = _grid(np.asarray(model(model.latents(seeds, asked))), count)
    return drawn.resize((WIDTH, drawn.height * WIDTH // drawn.width), Image.Resampling.LANCZOS)


def _tiles(name: str, side: int, places: list[tuple[int, int]]) -> Image.Image:
    """Returns tiles, (row, column), of the grid on a translator's card in a row."""
    with Image.open(find_model(name).parent / "grid.jpg") as picture:
        grid = picture.convert("RGB")
    line = Image.new("RGB", (side * len(places), side))
    for index, (row, column) in enumerate(places):
        # A gap of 2 pixels, around the grid too.
        left, top = 2 + column * (side + 2), 2 + row * (side + 2)
        line.paste(grid.crop((left, top, left + side, top + side)), (index * side, 0))
    return line


def _grid(images: np.ndarray, columns: int) -> Image.Image:
    array = np.asarray(pixels.to_uint8(images))
    rows = array.reshape(-1, columns, *array.shape[1:]).swapaxes(1, 2)
    whole = rows.reshape(rows.shape[0] * rows.shape[1], -1, array.shape[-1])
    return Image.fromarray(np.broadcast_to(whole, (*whole.shape[:2], 3)).astype(np.uint8))


if __name__ == "__main__":
    main()
