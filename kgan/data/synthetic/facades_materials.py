"""The twelve kinds of parts of a facade: their colours in label maps, and what each is made of in photos.

In a photo each kind is one straight line in RGB, from its darkest to its lightest colour, and all texture, shade and
light move a pixel along that line. The lines keep apart, so that a pixel's kind can be read back from its colour alone.
"""

import numpy as np

# In the order of the CMP facade database (Tylecek and Sara 2013); the colours are those of the label maps that came
# with pix2pix (Isola et al. 2017), which are JPEG files: the most frequent pixel of each.
PALETTE = {
    "background": (0, 0, 222),
    "facade": (0, 48, 255),
    "window": (0, 128, 255),
    "door": (1, 207, 255),
    "cornice": (32, 255, 224),
    "sill": (112, 254, 142),
    "balcony": (192, 255, 63),
    "blind": (255, 240, 1),
    "deco": (255, 159, 0),
    "molding": (255, 80, 0),
    "pillar": (254, 0, 0),
    "shop": (174, 0, 1),
}
FACADE_CLASSES = tuple(PALETTE)
COLOURS = np.array(list(PALETTE.values()), np.uint8)

# Darkest and lightest: sky over asphalt, brick, glass, painted wood, limestone, slate, iron, shutters, terracotta,
# plaster, marble, awnings.
_MATERIALS = {
    "background": ((92, 128, 168), (180, 218, 254)),
    "facade": ((124, 58, 38), (206, 122, 84)),
    "window": ((6, 24, 60), (40, 82, 138)),
    "door": ((72, 14, 104), (150, 74, 200)),
    "cornice": ((206, 196, 164), (254, 250, 228)),
    "sill": ((112, 116, 104), (166, 168, 146)),
    "balcony": ((24, 8, 0), (72, 60, 52)),
    "blind": ((14, 84, 46), (86, 176, 98)),
    "deco": ((206, 148, 38), (250, 206, 112)),
    "molding": ((204, 116, 140), (250, 170, 188)),
    "pillar": ((168, 132, 204), (222, 188, 250)),
    "shop": ((150, 6, 34), (246, 62, 72)),
}
DARK, LIGHT = np.array([_MATERIALS[name] for name in FACADE_CLASSES], np.float32).transpose(1, 0, 2)
CHUNK = 1 << 18


def colour_of(classes: np.ndarray) -> np.ndarray:
    """Returns the label maps `(..., 3)`, uint8, of class maps."""
    return COLOURS[classes]


def material_of(classes: np.ndarray, tone: np.ndarray) -> np.ndarray:
    """Returns the photos `(..., 3)`, uint8, of class maps and of how light each pixel is, from 0 to 1."""
    photo = (LIGHT - DARK)[classes]
    photo *= np.clip(tone, 0.0, 1.0)[..., None]
    photo += DARK[classes]
    photo += 0.5
    return photo.astype(np.uint8)


def decode_facades(photos: np.ndarray) -> np.ndarray:
    """Reads photos back: of each pixel the class whose material is nearest in RGB.

    Exact on the photos that `facades` draws. On others it says which material a pixel looks like most.

    Args:
        photos: uint8 `(..., 3)`.

    Returns:
        uint8 `(...)`, indices into `FACADE_CLASSES`.
    """
    pixels = np.asarray(photos).reshape(-1, 3)
    classes = np.empty(len(pixels), np.uint8)
    for first in range(0, len(pixels), CHUNK):
        part = slice(first, first + CHUNK)
        classes[part] = _nearest_line(pixels[part].astype(np.float32))
    return classes.reshape(photos.shape[:-1])


def decode_labels(labels: np.ndarray) -> np.ndarray:
    """Reads label maps back: of each pixel the class whose colour in `PALETTE` is nearest.

    Args:
        labels: uint8 `(..., 3)`; resized or JPEG-coded ones will do.

    Returns:
        uint8 `(...)`, indices into `FACADE_CLASSES`.
    """
    distances = np.stack([((labels - colour) ** 2).sum(-1) for colour in COLOURS.astype(np.int32)], axis=-1)
    return distances.argmin(-1).astype(np.uint8)


def _nearest_line(pixels: np.ndarray) -> np.ndarray:
    """Returns which of the lines from `DARK` to `LIGHT` is nearest to each pixel `(n, 3)`."""
    along = LIGHT - DARK
    # (pixels - dark) . along / |along|^2, where on its line each pixel would lie.
    share = (pixels @ along.T - (DARK * along).sum(1)) / (along**2).sum(1)
    np.clip(share, 0.0, 1.0, out=share)
    nearest = np.full(len(pixels), np.inf, np.float32)
    classes = np.zeros(len(pixels), np.uint8)
    for which in range(len(DARK)):
        away = pixels - DARK[which]
        away -= share[:, which, None] * along[which]
        distance = np.einsum("nc,nc->n", away, away)
        closer = distance < nearest
        nearest[closer] = distance[closer]
        classes[closer] = which
    return classes
