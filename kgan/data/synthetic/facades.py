"""Drawn facades: label maps and photos of them that can be read back, so that a translation is right or wrong.

`facades_layout` says what stands where, `facades_textures` what it looks like, `facades_materials` what its colours are
and which class a colour belongs to.
"""

import numpy as np

from kgan.data.synthetic.facades_layout import draw_facade
from kgan.data.synthetic.facades_materials import colour_of, material_of
from kgan.errors import InputError

SIZES = (64, 256)
GRAIN = 0.03


def facades(num_images: int, size: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Draws facades: label maps, as a pix2pix model is given them, and photos, as it is to make of them.

    A photo has the parts of its label map and shows what these are made of: bricks laid from the wall's corner, glazing
    bars in the middle of each window, slats, railings, shadows below what juts out. How light it is as a whole, and the
    clouds, cannot be known from the label map. `decode_facades` reads the label map back from a photo, exactly.

    Image i is a pure function of (seed, i), and the same facade at every size: at 128 the label maps are those at 64,
    each pixel made four. One core draws some 1,200 a second at 64 pixels, 250 at 256.

    Args:
        num_images: How many.
        size: Side in pixels, 64 to 256.
        seed: Which world; two seeds share no image.

    Returns:
        `(labels, photos, factors)`: uint8 `(num_images, size, size, 3)` each, label maps in the colours of the CMP
        facade database (all its 12 classes, `FACADE_CLASSES`), and arrays of length `num_images`:

        - `classes`: uint8 `(num_images, size, size)`, of each pixel the index into `FACADE_CLASSES`.
        - `floors`: int64, the ground floor included, 3 to 5. `bays`: int64, how many windows a floor has, 2 to 4.
        - `light`: float32, how light the whole is, uniform in [0.8, 1].

    Raises:
        InputError: If `num_images` is not positive, or `size` is out of range.
    """
    if num_images < 1:
        raise InputError(f"num_images={num_images}: expected at least 1.")
    if not SIZES[0] <= size <= SIZES[1]:
        raise InputError(f"size={size}: facades are drawn at {SIZES[0]} to {SIZES[1]} pixels.")
    classes = np.empty((num_images, size, size), np.uint8)
    photos = np.empty((num_images, size, size, 3), np.uint8)
    counts: dict[str, list[int]] = {"floors": [], "bays": []}
    light = np.empty(num_images, np.float32)
    for index in range(num_images):
        rng = np.random.default_rng([seed, index])
        light[index] = rng.uniform(0.8, 1.0)
        drawing, counted = draw_facade(size, rng)
        drawing.tone *= light[index]
        drawing.tone += GRAIN * (rng.random((size, size), dtype=np.float32) - 0.5)
        classes[index] = drawing.classes
        photos[index] = material_of(drawing.classes, drawing.tone)
        for name, values in counts.items():
            values.append(counted[name])
    factors = {"classes": classes, **{name: np.array(values) for name, values in counts.items()}, "light": light}
    return colour_of(classes), photos, factors
