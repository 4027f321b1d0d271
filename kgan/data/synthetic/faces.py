"""Drawn anime faces: what a folder of them looks like, with the colours of hair and eyes and more known of each one.

A face is painted from the back to the front, each part one flat colour, its shade or its light, with a dark outline:
`faces_hair` and `faces_features` have the shapes, `faces_colours` the words and what they look like.
"""

import numpy as np

from kgan.data.synthetic.faces_canvas import SIZE, Canvas, Values
from kgan.data.synthetic.faces_colours import EYES, FACE_WORDS, HAIR, shaded, skin_colour
from kgan.data.synthetic.faces_features import paint_background, paint_body, paint_eye, paint_head, paint_mouth
from kgan.data.synthetic.faces_hair import LOCKS, Hair
from kgan.errors import InputError

RANGES = {
    "turn": (-0.2, 0.2),
    "tilt": (-0.15, 0.15),
    "x": (-2.5, 2.5),
    "y": (-2.0, 2.0),
    "scale": (1.0, 1.2),
    "skin": (0.0, 1.0),
    "hair_shade": (-1.0, 1.0),
    "eyes_shade": (-1.0, 1.0),
}
# The turn's range lies about this times -1, 0 or 1, by the view.
VIEW_TURN = np.float32(0.8)
# What a face has that is no factor of it: what is behind it, its clothes, how its locks fall. Each number in [0, 1).
DETAILS = {
    "background": 6,
    "clothes": 3,
    "collar": 1,
    "sweep": 1,
    "notches": LOCKS + 1,
    "tips": LOCKS,
    "ends": 2,
    "open": 1,
}
CHUNK = 16


def faces(num_images: int, seed: int = 0) -> tuple[np.ndarray, Values]:
    """Draws anime-like faces in colour, antialiased, from the crown to the shoulders.

    Image i is a pure function of (seed, i): a larger `num_images` adds images and leaves the earlier ones as they are.
    One core draws some 1,500 a second.

    Args:
        num_images: How many.
        seed: Which world; two seeds share no image.

    Returns:
        `(images, factors)`: uint8 images `(num_images, 64, 64, 3)`, and arrays of length `num_images`. Int64, each an
        index into the words that `FACE_WORDS` has for it, all equally likely:

        - `hair`: its colour: aqua, black, blonde, blue, brown, gray, green, orange, pink, purple, red, white.
        - `eyes`: their colour: aqua, black, blue, brown, gray, green, orange, pink, purple, red, yellow.
        - `hair_length`: short, to the chin, or long, beyond the shoulders.
        - `mouth`: closed, smiling, open.
        - `view`: left, front, right: where the face looks to, in the picture.

        Float32, uniform:

        - `turn`: how far to the right it looks, in [-1, -0.6] for a left view, [-0.2, 0.2] front, [0.6, 1] right.
        - `tilt`: clockwise in the picture, in [-0.15, 0.15] radians.
        - `x`, `y`: the face's middle, in pixels right of and below the image's middle, in [-2.5, 2.5] and [-2, 2].
        - `scale`: size; at 1 the face is 35 pixels broad, in [1, 1.2].
        - `skin`: from 0, light, to 1, dark.
        - `hair_shade`, `eyes_shade`: how much lighter the colour is than the word's own, in tenths of it, in [-1, 1].

        All but `turn` and `view` are independent of each other.

    Raises:
        InputError: If `num_images` is not positive.
    """
    if num_images < 1:
        raise InputError(f"num_images={num_images}: expected at least 1.")
    truth, rest = np.random.SeedSequence(seed).spawn(2)
    # Both draws fill their rows one after another, so the first rows do not depend on how many follow.
    factors = _factors(np.random.default_rng(truth).random((num_images, len(FACE_WORDS) + len(RANGES))))
    details = np.random.default_rng(rest).random((num_images, sum(DETAILS.values())), dtype=np.float32)
    ends = np.cumsum(list(DETAILS.values()))[:-1]
    images = np.empty((num_images, SIZE, SIZE, 3), np.uint8)
    for first in range(0, num_images, CHUNK):
        rows = slice(first, first + CHUNK)
        parts = dict(zip(DETAILS, np.split(details[rows], ends, axis=1), strict=True))
        images[rows] = _draw({name: values[rows] for name, values in factors.items()}, parts)
    return images, factors


def _factors(uniform: np.ndarray) -> Values:
    """Makes the factors of numbers in [0, 1), one a factor."""
    columns = iter(uniform.T)
    factors = {name: (len(words) * next(columns)).astype(np.int64) for name, words in FACE_WORDS.items()}
    for name, (low, high) in RANGES.items():
        factors[name] = (low + (high - low) * next(columns)).astype(np.float32)
    factors["turn"] += VIEW_TURN * (factors["view"] - 1).astype(np.float32)
    return factors


def _draw(factors: Values, details: Values) -> np.ndarray:
    """Draws the faces of these factors: uint8 `(n, 64, 64, 3)`."""
    skin = skin_colour(factors["skin"])
    hair_colour, eyes_colour = (
        shaded(palette, factors[name], factors[f"{name}_shade"]) for name, palette in (("hair", HAIR), ("eyes", EYES))
    )
    canvas = Canvas.blank(factors)
    hair = Hair(canvas, details)
    paint_background(canvas, details)
    hair.paint_back(hair_colour)
    paint_body(canvas, skin, details)
    paint_head(canvas, skin, hair.fringe + 2.0)
    paint_mouth(canvas)
    hair.paint_front(hair_colour)
    for side in (-1, 1):
        paint_eye(canvas, side, eyes_colour, hair_colour, details)
    return np.rint(np.clip(canvas.pixels, 0.0, 255.0)).astype(np.uint8).transpose(0, 2, 3, 1)
