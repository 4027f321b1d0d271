"""The animal of a scene: one body, drawn with a horse's coat or a zebra's.

A body is a row of tapered limbs, each from one joint to the next, painted from the back to the front. Places are in
units of the torso's length, right of and below the withers' middle, for an animal that looks to the right.
"""

from typing import NamedTuple

import numpy as np

Point = tuple[float, float]

COAT, MANE, HOOF = (np.array(c, np.float32) for c in ((158, 96, 50), (48, 30, 20), (34, 26, 22)))
WHITE, BLACK = (np.array(c, np.float32) for c in ((230, 225, 214), (56, 50, 48)))
# Stripes a unit: on the trunk across it, on limbs and neck around them.
TRUNK, NECK, LIMB = 4.5, 5.5, 7.0
GROUND = 0.70
FAR = 0.72


class Part(NamedTuple):
    """A limb or a piece of the trunk: from a joint to the next, with a radius at each.

    Attributes:
        start: The first joint.
        end: The last one.
        radii: At the two.
        kind: `"coat"`, with `stripes` on a zebra; `"mane"`; or `"hoof"`, dark on both.
        stripes: How many a unit along the part.
        shade: How light it is; what is on the far side of the body is darker.
    """

    start: Point
    end: Point
    radii: tuple[float, float]
    kind: str = "coat"
    stripes: float = LIMB
    shade: float = 1.0


def body(raised: float, stride: float) -> list[Part]:
    """Returns the parts of a body, from the back to the front.

    Args:
        raised: How high the head is, from -1, grazing, to 1, looking up.
        stride: Where in its step it is, from -1 to 1; 0 stands.
    """
    angle = np.deg2rad(8.0 + 50.0 * raised)
    poll = (0.38 + 0.46 * np.cos(angle), -0.10 - 0.46 * np.sin(angle))
    # A grazing head hangs, a raised one looks ahead.
    facing = np.deg2rad(-36.0 - 36.0 * max(0.0, -raised))
    nose = (poll[0] + 0.27 * np.cos(facing), poll[1] - 0.27 * np.sin(facing))
    ear = (poll[0] - 0.09 * np.cos(facing), poll[1] - 0.14)
    crest = (poll[0] - 0.08 * np.sin(angle), poll[1] - 0.08 * np.cos(angle))
    withers = (0.24, -0.22)
    return [
        *_leg((-0.34, 0.08), -0.6 * stride, hind=True, shade=FAR),
        *_leg((0.30, 0.10), 0.6 * stride, hind=False, shade=FAR),
        Part((-0.50, -0.14), (-0.63, 0.02), (0.035, 0.04)),
        Part((-0.63, 0.02), (-0.67, 0.38), (0.04, 0.065), "mane"),
        *_leg((-0.38, 0.06), stride, hind=True),
        *_leg((0.34, 0.08), -stride, hind=False),
        Part((-0.34, -0.03), (0.30, -0.01), (0.22, 0.215), stripes=TRUNK),
        Part(withers, crest, (0.06, 0.055), "mane"),
        Part((0.33, -0.05), poll, (0.165, 0.085), stripes=NECK),
        Part(poll, ear, (0.04, 0.012), stripes=0.0),
        Part(poll, nose, (0.09, 0.05)),
        Part((nose[0] - 0.01, nose[1] - 0.005), nose, (0.056, 0.05), "hoof"),
    ]


def _leg(hip: Point, swing: float, hind: bool, shade: float = 1.0) -> list[Part]:
    """Returns thigh, shin and hoof of a leg that swings forward (1) or back (-1)."""
    bend = -0.05 if hind else 0.03
    knee = (hip[0] + 0.10 * swing + bend, 0.36)
    foot = (hip[0] + 0.20 * swing - (0.03 if hind else 0.0), GROUND - 0.04 - 0.04 * abs(swing))
    thigh = 0.15 if hind else 0.12
    return [
        Part(hip, knee, (thigh, 0.055), shade=shade),
        Part(knee, foot, (0.052, 0.036), shade=shade),
        Part(foot, (foot[0] + 0.02, foot[1] + 0.03), (0.044, 0.05), "hoof", shade=shade),
    ]


class Place(NamedTuple):
    """Where in a picture an animal is: pixels of its middle, pixels a unit, and whether it looks right (1) or left."""

    x: float
    y: float
    scale: float
    facing: int


def paint(picture: np.ndarray, parts: list[Part], place: Place, coat: str, light: float) -> None:
    """Paints a body over a picture, float32 `(height, width, 3)` in [0, 255], antialiased.

    Args:
        picture: What it stands in; changed.
        parts: The body.
        place: Where it stands.
        coat: `"horse"`, `"zebra"`, or `"gray"`, a zebra whose stripes are lost.
        light: How light the day is.
    """
    for part in parts:
        _paint_part(picture, part, place, coat, light)


def _paint_part(picture: np.ndarray, part: Part, place: Place, coat: str, light: float) -> None:
    rows, columns, along, across, depth = _inside(picture.shape, part, place)
    cover = np.clip(place.scale * depth + 0.5, 0.0, 1.0)[..., None]
    # Lit from above: the upper side of a limb is its light side, whichever way it lies.
    brightness = (light * part.shade * (1.0 - 0.3 * across))[..., None]
    if part.kind == "hoof":
        colour: np.ndarray = HOOF
    elif part.kind == "mane":
        colour = MANE if coat == "horse" else BLACK
    elif coat == "zebra":
        # As sharp as the picture's pixels allow.
        wave = np.sin(2 * np.pi * part.stripes * along) if part.stripes else np.ones_like(along)
        blur = 2 * np.pi * part.stripes / place.scale
        dark = np.clip(0.5 - wave / max(blur, 0.5), 0.0, 1.0)[..., None]
        colour = WHITE + dark * (BLACK - WHITE)
    else:
        colour = COAT if coat == "horse" else (WHITE + BLACK) / 2
    window = picture[rows, columns]
    window += cover * (np.minimum(colour * brightness, 255.0) - window)


def _inside(
    shape: tuple[int, ...], part: Part, place: Place
) -> tuple[slice, slice, np.ndarray, np.ndarray, np.ndarray]:
    """Returns the rows and columns that hold a part, and of their pixels where on the part they are.

    That is, in units: how far along it from its start, how far below its axis in radii, and the depth inside its edge.
    """
    widest = max(part.radii) + 1.0 / place.scale
    xs = [place.x + place.scale * place.facing * joint[0] for joint in (part.start, part.end)]
    ys = [place.y + place.scale * joint[1] for joint in (part.start, part.end)]
    reach = place.scale * widest
    columns = slice(max(int(min(xs) - reach), 0), max(int(max(xs) + reach) + 2, 0))
    rows = slice(max(int(min(ys) - reach), 0), max(int(max(ys) + reach) + 2, 0))
    right = np.arange(shape[1], dtype=np.float32)[None, columns] - place.x
    below = np.arange(shape[0], dtype=np.float32)[rows, None] - place.y
    right, below = right * (place.facing / place.scale) - part.start[0], below / place.scale - part.start[1]
    dx, dy = part.end[0] - part.start[0], part.end[1] - part.start[1]
    length = np.hypot(dx, dy)
    along = (right * dx + below * dy) / length
    share = np.clip(along / length, 0.0, 1.0)
    radius = part.radii[0] + (part.radii[1] - part.radii[0]) * share
    offset = below - share * dy
    depth = radius - np.hypot(right - share * dx, offset)
    return rows, columns, along, np.clip(offset / radius, -1.0, 1.0), depth
