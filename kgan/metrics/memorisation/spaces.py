"""The space in which copies are looked for when no extractor is given: small blurred pictures."""

import numpy as np
from scipy.ndimage import gaussian_filter

SIGMA = 1.0
SIDE = 16
# Standard deviation of the pixels, in [0, 1], below which a picture counts as blank.
BLANK = 1e-3


def blurred_pixels(images: np.ndarray) -> np.ndarray:
    """Returns small blurred pictures, free of brightness and contrast.

    A Gaussian of standard deviation 1 pixel; the mean over squares of p x p pixels, p = ceil(longer side / 16), where
    the rows and columns that fill no square are left out; then each picture less its mean and divided by its norm.
    Noise on a copy averages away, what was drawn stays. Noise that is clipped at black also brightens the ground,
    which a blur keeps: hence the mean is taken off.

    Args:
        images: uint8 `(n, height, width, channels)`.

    Returns:
        float32 `(n, d)`, d at most 256 channels; of norm 1, or 0 for a blank picture.
    """
    blurred = gaussian_filter(images.astype(np.float32) / 255.0, (0.0, SIGMA, SIGMA, 0.0), mode="nearest")
    count, height, width, channels = blurred.shape
    square = -(-max(height, width) // SIDE)
    tall, wide = min(square, height), min(square, width)
    blurred = blurred[:, : height // tall * tall, : width // wide * wide]
    small = blurred.reshape(count, height // tall, tall, width // wide, wide, channels).mean(axis=(2, 4))
    flat = small.reshape(count, -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(flat, norms, out=np.zeros_like(flat), where=norms > BLANK * np.sqrt(flat.shape[1]))
