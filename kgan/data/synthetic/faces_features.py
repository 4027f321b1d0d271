"""Background, body, head, eyes and mouth of a drawn face.

Measures are pixels of a face of scale 1, from the middle of the face. A turned head moves its features to the side that
it looks to, and the eye on that side is narrower.
"""

import numpy as np

from kgan.data.synthetic.faces_canvas import Canvas, Values, ellipse
from kgan.data.synthetic.faces_colours import BLUSH, FACE_WORDS, INK, LIPS, TONGUE, WHITE, darker, lighter

CHIN = 21.0
CHEEK = 17.5
# No face is so high or tilted that its neck shows above this row.
BODY_ROW = 34
# The depth in a shape that is not there.
NOWHERE = np.float32(-99.0)


def paint_background(canvas: Canvas, details: Values) -> None:
    """Fills the canvas with a pale colour that goes over into another from top to bottom."""
    top, bottom = np.split(120 + 130 * details["background"][:, :, None, None], 2, axis=1)
    share = np.clip(canvas.down / 64 + 0.5, 0.0, 1.0)[:, None]
    canvas.pixels[:] = top + share * (bottom - top)


def paint_body(canvas: Canvas, skin: np.ndarray, details: Values) -> None:
    """Paints the shoulders in their clothes, and the neck in the shadow of the head."""
    canvas = canvas.rows(BODY_ROW)
    across, down = np.abs(canvas.across), canvas.down
    clothes = 30 + 200 * details["clothes"]
    collar = np.where(details["collar"] < 0.6, WHITE, darker(clothes, 0.6))
    shoulders = ellipse(across, down - 44, 26.0, 20.0)
    opening = 8.0 - 0.6 * (down - 24) - across
    canvas.paint(shoulders + 0.8, darker(clothes, 0.45))
    canvas.paint(shoulders, clothes)
    canvas.paint(np.minimum(shoulders + 1.0, opening + 2.5), collar)
    canvas.paint(np.minimum(shoulders + 1.5, opening), skin)
    canvas.paint(np.minimum(5.2 - across, np.minimum(27 - down, down - 10)), darker(skin, 0.84))


def head(canvas: Canvas) -> np.ndarray:
    """Returns the depth in the face: round to the cheeks, then running down to a small chin."""
    jaw = np.clip(canvas.down / CHIN, -0.7, 1.2)
    squared = jaw * jaw
    middle = canvas.factors["turn"][:, None, None] * (1.5 + 2.5 * squared)
    breadth = CHEEK * (1.0 - 0.35 * squared - 0.65 * squared * squared * squared)
    # Across a slope the distance to the edge is shorter than along the row.
    slope = CHEEK / CHIN * (0.7 + 3.9 * squared * squared) * jaw
    depth = (breadth - np.abs(canvas.across - middle)) / np.sqrt(1.0 + slope * slope)
    # The hair covers all above.
    return np.minimum(depth, canvas.down + 16)


def paint_head(canvas: Canvas, skin: np.ndarray, shadow: np.ndarray) -> None:
    """Paints the face, the shadow on it that the hair throws (its depth), blush and nose."""
    turn = canvas.factors["turn"]
    depth = head(canvas)
    canvas.paint(depth + 0.7, darker(skin, 0.5))
    canvas.paint(depth, skin)
    canvas.paint(np.minimum(depth, shadow), darker(skin, 0.84))
    for side in (-1, 1):
        place = 10.5 * side + 4.0 * turn
        with canvas.window(place, 11.5, 14) as cheek:
            spot = ellipse(cheek.across - place[:, None, None], cheek.down - 11.5, 4.0, 2.2)
            cheek.paint(np.minimum(0.3 * spot, head(cheek)), BLUSH, 0.35)
    with canvas.window(6.0 * turn, 11.0, 6) as nose:
        nose.paint(ellipse(nose.across - 6.0 * turn[:, None, None], nose.down - 11.0, 0.9, 0.7), darker(skin, 0.6))


def paint_eye(canvas: Canvas, side: int, colour: np.ndarray, hair: np.ndarray, details: Values) -> None:
    """Paints an eye, left (-1) or right (1) in the picture: white, iris, pupil, highlights, lashes and brow."""
    turn = canvas.factors["turn"]
    place = 8.9 * side + 4.2 * turn
    narrow = (1.0 - 0.25 * np.maximum(side * turn, 0.0))[:, None, None]
    height = 5.6 + 1.2 * details["open"][:, :, None]
    with canvas.window(place, 2.5, 26) as eye:
        x, y = (eye.across - place[:, None, None]) / narrow, eye.down - 4.5
        white = ellipse(x, y, 6.0, height)
        eye.paint(white, WHITE)
        _paint_iris(eye, x - turn[:, None, None], y, white, height, colour)
        lid = np.minimum(ellipse(x, y, 7.4, height + 1.5), -ellipse(x, y - 1.8, 7.2, height + 1.2))
        eye.paint(np.minimum(lid, 0.5 - y), INK)
        eye.paint(np.minimum(ellipse(x, y, 4.2, height + 0.8), np.minimum(-white, y - 2.0)), INK, 0.7)
        arch = np.abs(y + height + 3.6 - 0.035 * x * x)
        eye.paint(np.minimum(0.5 - arch, 5.0 - np.abs(x)), darker(hair, 0.45))


def _paint_iris(
    eye: Canvas, x: np.ndarray, y: np.ndarray, white: np.ndarray, height: np.ndarray, colour: np.ndarray
) -> None:
    """Paints iris, pupil and highlights of an eye whose middle is where x and y are 0."""
    iris = np.minimum(ellipse(x, y, 4.8, height + 0.4), white + 0.3)
    eye.paint(iris, darker(colour, 0.45))
    iris -= 0.7
    eye.paint(iris, colour)
    eye.paint(np.minimum(iris, -1.0 - y), darker(colour, 0.55), 0.75)
    eye.paint(ellipse(x, y, 1.7, 2.6), darker(colour, 0.25))
    eye.paint(ellipse(x, y - 4.0, 2.2, 1.2), lighter(colour, 0.45), 0.6)
    eye.paint(ellipse(x + 1.8, y + 2.8, 1.6, 1.7), WHITE)
    eye.paint(ellipse(x - 1.9, y - 2.2, 0.8, 0.8), WHITE, 0.8)


def paint_mouth(canvas: Canvas) -> None:
    """Paints the mouth: a short line, a longer one with its corners up, or open."""
    mouth, place = canvas.factors["mouth"], 5.5 * canvas.factors["turn"]
    half, bow, low = (
        np.array(of_kinds, np.float32)[mouth][:, None, None]
        for of_kinds in ((2.2, 4.0, NOWHERE), (0.0, 0.08, 0.0), (0.0, 0.8, 0.0))
    )
    is_open = (mouth == FACE_WORDS["mouth"].index("open"))[:, None, None]
    with canvas.window(place, 15.5, 14) as lips:
        x, y = lips.across - place[:, None, None], lips.down - 15.5
        line = np.abs(y - low + bow * x * x) / np.sqrt(1.0 + 4.0 * bow * bow * x * x)
        lips.paint(np.minimum(0.45 - line, half - np.abs(x)), darker(LIPS, 0.8))
        hollow = np.where(is_open, ellipse(x, y, 3.2, 2.9), NOWHERE)
        lips.paint(hollow + 0.5, darker(LIPS, 0.6))
        lips.paint(hollow - 0.3, LIPS)
        lips.paint(np.minimum(hollow - 0.3, ellipse(x, y - 2.2, 2.4, 1.8)), TONGUE)
