"""Hair of a drawn face: what hangs behind the head, then the fringe and the side locks before it.

Measures are pixels of a face of scale 1, from the middle of the face. All locks grow from the crown; the angle of a
pixel is how far right of the crown it lies for each pixel that it lies below.
"""

import numpy as np

from kgan.data.synthetic.faces_canvas import Canvas, Values, ellipse, interpolate, look_up
from kgan.data.synthetic.faces_colours import darker, lighter

LOCKS = 6
CROWN = 34.0
# The entries of a profile.
ANGLES = np.linspace(-1.0, 1.0, 400, dtype=np.float32)
# No face is so low or tilted that the hair behind the head shows above the one, or strands and shine below the other.
BACK_ROW, STRAND_ROW = 14, 46


class Hair:
    """The shapes of the hair on a canvas.

    Args:
        canvas: Where.
        details: Numbers in [0, 1): `sweep` `(n, 1)`, `notches` `(n, LOCKS + 1)`, `tips` `(n, LOCKS)`, `ends` `(n, 2)`.

    Attributes:
        fringe: The depth in the fringe, which goes on above the head.
    """

    def __init__(self, canvas: Canvas, details: Values) -> None:
        self.canvas = canvas
        self.details = details
        self.turn = canvas.factors["turn"][:, None, None]
        self.long = canvas.factors["hair_length"][:, None, None].astype(np.float32)
        self.below_crown = np.maximum(canvas.down + CROWN, 4.0)
        self.index = ((canvas.across + self.turn) / self.below_crown + 1.0) * ((len(ANGLES) - 1) / 2) + 0.5
        self.edges, self.heights = self._locks()
        self.fringe = self._fringe()
        self.outline = self._outline()

    def _locks(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the fringe's notches and tips by turns, from left to right: angles and depths, `(n, 2 LOCKS + 1)`."""
        notches, tips, sweep = (self.details[name] for name in ("notches", "tips", "sweep"))
        edges, heights = np.empty((2, len(tips), 2 * LOCKS + 1), np.float32)
        edges[:, ::2] = np.linspace(-0.72, 0.72, LOCKS + 1) + 0.12 * (notches - 0.5) + 0.1 * self.turn[:, :, 0]
        edges[:, 1::2] = edges[:, :-1:2] + (0.1 + 0.6 * sweep + 0.2 * tips) * np.diff(edges[:, ::2])
        heights[:, ::2] = -5.0 - 7.0 * notches
        heights[:, 1::2] = -3.0 + 8.0 * tips[:, ::-1]
        return edges, heights

    def _fringe(self) -> np.ndarray:
        edge = interpolate(ANGLES, self.edges, self.heights)
        slope = np.gradient(edge, ANGLES[1] - ANGLES[0], axis=1)
        steepness = look_up(slope, self.index) / self.below_crown
        return (look_up(edge, self.index) - self.canvas.down) / np.sqrt(1.0 + steepness * steepness)

    def _outline(self) -> np.ndarray:
        """Returns the depth in the whole of the hair: a dome, and what falls from it."""
        across, down = self.canvas.across + 1.5 * self.turn, self.canvas.down + 5
        fall = np.clip(down / 30, 0.0, 1.5)
        breadth = 23 + (4 + self.long - (9 - 10 * self.long) * fall) * fall
        return np.maximum(ellipse(across, down, 23.0, 22.5), np.minimum(breadth - np.abs(across), down))

    def _side_locks(self) -> np.ndarray:
        """Returns the depth in the locks that frame the face, which go on outside the hair."""
        across = self.canvas.across - 1.5 * self.turn
        ends = (9.0 + 8.0 * self.details["ends"]) * (1 - self.long[:, 0]) + 44.0 * self.long[:, 0]
        end = np.where(across < 0, ends[:, :1, None], ends[:, 1:, None])
        fall = np.clip((self.canvas.down + 12) / (end + 12), 0.0, 1.3)
        squared = fall * fall
        return np.abs(across) - 13.0 - 2.0 * fall - 8.0 * squared * squared

    def paint_back(self, colour: np.ndarray) -> None:
        """Paints the hair that is behind the head, in the shade; short hair ends in tips."""
        canvas = self.canvas.rows(BACK_ROW)
        wave = np.abs((canvas.across / 7 + self.details["ends"][:, :1, None]) % 2 - 1)
        bottom = 13 + 6 * wave + 60 * self.long - canvas.down
        depth = np.minimum(self.outline[:, BACK_ROW:], np.minimum(bottom, canvas.down + 8))
        canvas.paint(depth + 0.8, darker(colour, 0.4))
        canvas.paint(depth, darker(colour, 0.72))

    def paint_front(self, colour: np.ndarray) -> None:
        """Paints the fringe and the side locks, with strands and shine."""
        depth = np.minimum(self.outline, np.maximum(self.fringe, self._side_locks()))
        self.canvas.paint(depth + 0.7, darker(colour, 0.42))
        self.canvas.paint(depth, colour)
        canvas, depth = self.canvas.rows(0, STRAND_ROW), depth[:, :STRAND_ROW]
        canvas.paint(np.minimum(depth, self._strands(canvas)), darker(colour, 0.68), 0.8)
        canvas.paint(np.minimum(depth - 0.5, self._shine(canvas)), lighter(colour, 0.6), 0.7)

    def _strands(self, canvas: Canvas) -> np.ndarray:
        """Returns the depth in the lines between the locks."""
        nearest = np.abs(ANGLES - self.edges[:, ::2, None]).min(1)
        distance = look_up(nearest, self.index[:, :STRAND_ROW]) * self.below_crown[:, :STRAND_ROW]
        return np.minimum(0.4 - distance, 9.5 - np.abs(canvas.down + 4.5))

    def _shine(self, canvas: Canvas) -> np.ndarray:
        """Returns the depth in the band of light across the top, with teeth where the locks are."""
        teeth = np.full_like(self.edges, -1.0)
        teeth[:, 1::2] = 1.6
        thickness = 1.2 + look_up(interpolate(ANGLES, self.edges, teeth), self.index[:, :STRAND_ROW])
        across = canvas.across - 2.0 * self.turn
        return np.minimum(thickness - np.abs(canvas.down + 16.5 - 0.012 * across * across), 15.0 - np.abs(across))
