"""The words for what a drawn face can be, those of the real tags, and the colours that the words stand for."""

import numpy as np

HAIR = {
    "aqua": (88, 208, 205),
    "black": (48, 46, 58),
    "blonde": (246, 218, 120),
    "blue": (72, 108, 214),
    "brown": (128, 84, 56),
    "gray": (152, 152, 160),
    "green": (84, 168, 84),
    "orange": (240, 144, 52),
    "pink": (248, 156, 192),
    "purple": (142, 88, 190),
    "red": (204, 48, 56),
    "white": (250, 250, 254),
}
EYES = {
    "aqua": (64, 208, 212),
    "black": (46, 42, 50),
    "blue": (58, 108, 228),
    "brown": (138, 84, 48),
    "gray": (148, 150, 162),
    "green": (62, 174, 84),
    "orange": (240, 138, 40),
    "pink": (246, 120, 178),
    "purple": (146, 82, 200),
    "red": (214, 44, 52),
    "yellow": (240, 210, 64),
}
FACE_WORDS = {
    "hair": tuple(HAIR),
    "eyes": tuple(EYES),
    "hair_length": ("short", "long"),
    "mouth": ("closed", "smiling", "open"),
    "view": ("left", "front", "right"),
}
# The factors that people tag real faces with.
FACE_TAGS = ("hair", "eyes")
SKIN = ((255, 234, 216), (226, 174, 134))
WHITE = np.full((1, 3), 252, np.float32)
INK = np.array([[52, 34, 44]], np.float32)
BLUSH = np.array([[244, 120, 120]], np.float32)
LIPS = np.array([[150, 48, 58]], np.float32)
TONGUE = np.array([[238, 124, 124]], np.float32)


def shaded(palette: dict[str, tuple[int, int, int]], which: np.ndarray, shade: np.ndarray) -> np.ndarray:
    """Returns the colours `(n, 3)` of these words, darker or lighter by a shade in [-1, 1]: a tenth at most."""
    colours = np.array(list(palette.values()), np.float32)[which]
    return np.minimum(colours * (1 + 0.1 * shade[:, None]), 255.0)


def darker(colour: np.ndarray, share: float) -> np.ndarray:
    """Returns a colour in the shade: a share of it, and a little more of its blue, as shadows are drawn."""
    return colour * np.array([share, share * 0.97, min(share * 1.08, 1.0)], np.float32)


def lighter(colour: np.ndarray, share: float) -> np.ndarray:
    """Returns a colour moved towards white by a share of the way."""
    return colour + share * (255.0 - colour)


def skin_colour(tone: np.ndarray) -> np.ndarray:
    """Returns the colour of skin `(n, 3)` for a tone from 0, light, to 1, dark."""
    light, dark = np.array(SKIN, np.float32)
    return light + tone[:, None] * (dark - light)
