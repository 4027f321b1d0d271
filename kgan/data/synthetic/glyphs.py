"""The ten digits as strokes: smooth curves (Catmull-Rom splines) and straight lines through control points."""

from typing import NamedTuple

import numpy as np

SEGMENTS = 30


class Glyph(NamedTuple):
    """Control points (x right, y down, the box's height 1, its middle at x = 0) and strokes as indices into them.

    A stroke of two points is a straight line; one that ends where it begins is a closed curve. Strokes that share a
    point stay joined when the points are shaken.
    """

    points: tuple[tuple[float, float], ...]
    strokes: tuple[tuple[int, ...], ...]


GLYPHS = (
    Glyph(
        ((0.0, 0.0), (-0.22, 0.14), (-0.31, 0.5), (-0.22, 0.86), (0.0, 1.0), (0.22, 0.86), (0.31, 0.5), (0.22, 0.14)),
        ((0, 1, 2, 3, 4, 5, 6, 7, 0),),
    ),
    Glyph(((-0.18, 0.2), (0.03, 0.0), (0.03, 1.0)), ((0, 1), (1, 2))),
    Glyph(
        (
            (-0.29, 0.22),
            (-0.17, 0.05),
            (0.04, 0.0),
            (0.24, 0.1),
            (0.25, 0.34),
            (0.06, 0.64),
            (-0.31, 1.0),
            (0.33, 0.98),
        ),
        ((0, 1, 2, 3, 4, 5, 6), (6, 7)),
    ),
    Glyph(
        (
            (-0.27, 0.13),
            (-0.04, 0.0),
            (0.2, 0.09),
            (0.19, 0.33),
            (-0.07, 0.46),
            (0.2, 0.53),
            (0.29, 0.74),
            (0.14, 0.95),
            (-0.1, 1.0),
            (-0.31, 0.88),
        ),
        ((0, 1, 2, 3, 4), (4, 5, 6, 7, 8, 9)),
    ),
    Glyph(((-0.13, 0.0), (-0.3, 0.6), (0.34, 0.6), (0.17, 0.22), (0.12, 1.0)), ((0, 1), (1, 2), (3, 4))),
    Glyph(
        (
            (0.28, 0.0),
            (-0.2, 0.02),
            (-0.25, 0.44),
            (-0.04, 0.37),
            (0.2, 0.44),
            (0.28, 0.68),
            (0.16, 0.93),
            (-0.08, 1.0),
            (-0.3, 0.9),
        ),
        ((0, 1), (1, 2), (2, 3, 4, 5, 6, 7, 8)),
    ),
    Glyph(
        (
            (0.2, 0.0),
            (-0.06, 0.17),
            (-0.25, 0.5),
            (-0.23, 0.84),
            (0.0, 1.0),
            (0.23, 0.88),
            (0.24, 0.64),
            (0.04, 0.52),
            (-0.16, 0.6),
            (-0.25, 0.75),
        ),
        ((0, 1, 2, 3, 4, 5, 6, 7, 8, 9),),
    ),
    Glyph(((-0.3, 0.03), (0.32, 0.0), (0.1, 0.45), (-0.06, 1.0)), ((0, 1), (1, 2, 3))),
    Glyph(
        (
            (0.0, 0.0),
            (-0.21, 0.08),
            (-0.21, 0.29),
            (0.0, 0.46),
            (0.26, 0.68),
            (0.21, 0.92),
            (0.0, 1.0),
            (-0.22, 0.92),
            (-0.26, 0.68),
            (0.21, 0.29),
            (0.21, 0.08),
        ),
        ((0, 1, 2, 3, 4, 5, 6, 7, 8, 3, 9, 10, 0),),
    ),
    Glyph(
        (
            (0.23, 0.14),
            (0.03, 0.0),
            (-0.2, 0.1),
            (-0.23, 0.35),
            (-0.03, 0.5),
            (0.17, 0.4),
            (0.22, 0.6),
            (0.1, 1.0),
        ),
        ((0, 1, 2, 3, 4, 5, 0), (0, 6, 7)),
    ),
)


def _spline(stroke: tuple[int, ...], segments: int, num_points: int) -> np.ndarray:
    """Returns the weights `(segments + 1, num_points)` that give points along a stroke from the control points.

    Between neighbours p1 and p2 a Catmull-Rom spline is
    p1 + t (p2 - p0) / 2 + t^2 (p0 - 5 p1 / 2 + 2 p2 - p3 / 2) + t^3 (3 p1 - p0 - 3 p2 + p3) / 2;
    beyond the end of an open stroke its last step is gone once more.
    """
    spans = len(stroke) - 1
    control = np.eye(num_points)[list(stroke)]
    closed = stroke[0] == stroke[-1]
    before = control[-2] if closed else 2 * control[0] - control[1]
    after = control[1] if closed else 2 * control[-1] - control[-2]
    control = np.concatenate([[before], control, [after]])
    place = np.linspace(0, spans, segments + 1)
    span = np.minimum(place.astype(int), spans - 1)
    t = (place - span)[:, None]
    p0, p1, p2, p3 = (control[span + shift] for shift in range(4))
    return p1 + t * (p2 - p0) / 2 + t**2 * (p0 - 2.5 * p1 + 2 * p2 - p3 / 2) + t**3 * (3 * p1 - p0 - 3 * p2 + p3) / 2


def stroke_segments(glyphs: tuple[Glyph, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cuts each glyph into `SEGMENTS` straight pieces.

    Returns:
        `(starts, ends, controls)`, float32: `starts[g] @ controls[g]` and `ends[g] @ controls[g]` are the end points
        `(SEGMENTS, 2)` of the pieces of glyph g. All glyphs are padded to the same number of control points.
    """
    num_points = max(len(glyph.points) for glyph in glyphs)
    starts, ends = np.empty((2, len(glyphs), SEGMENTS, num_points), np.float32)
    controls = np.zeros((len(glyphs), num_points, 2), np.float32)
    for index, (points, strokes) in enumerate(glyphs):
        controls[index, : len(points)] = points
        spans = sum(len(stroke) - 1 for stroke in strokes if len(stroke) > 2)
        curved = SEGMENTS - sum(len(stroke) == 2 for stroke in strokes)
        weights = [
            _spline(stroke, 1 if len(stroke) == 2 else curved * (len(stroke) - 1) // spans, num_points)
            for stroke in strokes
        ]
        piece = np.concatenate([w[:-1] for w in weights]), np.concatenate([w[1:] for w in weights])
        # A glyph of fewer pieces draws its last one again, which leaves the picture as it is.
        which = np.minimum(np.arange(SEGMENTS), len(piece[0]) - 1)
        starts[index], ends[index] = piece[0][which], piece[1][which]
    return starts, ends, controls
