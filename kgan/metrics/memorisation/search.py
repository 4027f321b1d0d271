"""The nearest training images of samples, over all variants of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kgan.errors import InputError
from kgan.metrics.checks import check_features
from kgan.metrics.memorisation.variants import Variant, variants

Space = Callable[[np.ndarray], np.ndarray]

# Next-nearest training images to compare the nearest with (Carlini et al. 2023 take 50).
NEIGHBOURS = 50
# Candidates beyond those: the products in float32 may have near ties in the wrong order.
SPARE = 8
# Images at a time through the space, and numbers in an array at a time (float32, 128 MiB).
BATCH = 1024
BLOCK_SIZE = 1 << 25


class Nearest(NamedTuple):
    """What was found for n images.

    Attributes:
        relative: float64 `(n,)`, the distance to the nearest training image over the mean distance to the next ones.
        originals: int64 `(n,)`, which training image is the nearest.
        variants: n variants: what makes, of the training image, the nearest to the image.
    """

    relative: np.ndarray
    originals: np.ndarray
    variants: list[Variant]


class VariantSearch:
    """Finds the nearest training images of samples: exactly, over mirrored and shifted variants of the samples.

    The distance of a sample x to a training image t is the least over variants v of |f(v⁻¹(x)) - f(t)|. What tells a
    copy is not this distance, as plain pictures are all near each other, but its ratio to the mean distance to the
    next 50 training images (Carlini et al. 2023, "Extracting Training Data from Diffusion Models", section 4.2; half
    of the training images if there are fewer than 100).

    Args:
        train: uint8 `(n, height, width, channels)`: an array, or what has its shape, dtype and slices.
        space: The features f, from uint8 images to `(n, d)`.
        largest_shift: Pixels of shift, each way.
        mirrored: Whether mirror images count.
    """

    def __init__(self, train: Any, space: Space, largest_shift: int, mirrored: bool) -> None:
        self.space = space
        self.variants = variants(largest_shift, mirrored)
        self.neighbours = min(NEIGHBOURS, len(train) // 2)
        # One less for the training image that `own` passes over.
        self._most = min(self.neighbours + 1 + SPARE, len(train) - 1)
        points = self._see(train)
        self.centre = points.mean(axis=0, dtype=np.float64).astype(np.float32)
        self.points = points - self.centre
        # [p, |p|², 1] · [-2 q, 1, |q|²] = |p - q|²: one product of matrices and no more passes over the result.
        norms = np.square(self.points).sum(axis=1, keepdims=True)
        self.extended = np.concatenate([self.points, norms, np.ones_like(norms)], axis=1).T

    def __call__(self, images: np.ndarray, own: np.ndarray | None = None) -> Nearest:
        """Searches.

        Args:
            images: uint8 `(n, height, width, channels)`.
            own: For images that are training images themselves: int64 `(n,)`, which, to be passed over.
        """
        count, dimension = self.points.shape
        step = max(1, BLOCK_SIZE // max(len(self.variants) * max(count, dimension), self._most * dimension))
        parts = [
            self._block(images[start : start + step], None if own is None else own[start : start + step])
            for start in range(0, len(images), step)
        ]
        relative, originals, indices = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return Nearest(relative, originals, [self.variants[index] for index in indices])

    def _block(self, images: np.ndarray, own: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows = np.arange(len(images))[:, None]
        undone = np.stack([variant.undo(images) for variant in self.variants], axis=1)
        queries = self._see(undone.reshape(-1, *images.shape[1:])).reshape(*undone.shape[:2], -1) - self.centre
        squared = self._squared(queries).min(axis=1)
        if own is not None:
            squared[rows, own[:, None]] = np.inf
        candidates = np.sort(np.argpartition(squared, self._most - 1, axis=1)[:, : self._most], axis=1)
        # From differences: products cannot tell a copy from a near miss.
        points = self.points[candidates]
        exact = np.stack([_distances(queries[:, index], points) for index in range(len(self.variants))])
        best = exact.argmin(axis=0)
        distances = exact.min(axis=0)
        order = np.argsort(distances, axis=1, kind="stable")[:, : self.neighbours + 1]
        ranked = np.take_along_axis(distances, order, axis=1)
        usual = ranked[:, 1:].mean(axis=1)
        relative = np.divide(ranked[:, 0], usual, out=np.zeros(len(images)), where=usual > 0)
        first = order[:, :1]
        return relative, candidates[rows, first][:, 0], best[rows, first][:, 0]

    def _squared(self, queries: np.ndarray) -> np.ndarray:
        """Returns squared distances `(n, variants, points)`, float32 and rounded."""
        norms = np.square(queries).sum(axis=2, keepdims=True)
        extended = np.concatenate([-2.0 * queries, np.ones_like(norms), norms], axis=2)
        products = extended.reshape(-1, extended.shape[2]) @ self.extended
        return products.reshape(*queries.shape[:2], len(self.points))

    def _see(self, images: Any) -> np.ndarray:
        parts = [
            self.space(np.ascontiguousarray(images[start : start + BATCH])) for start in range(0, len(images), BATCH)
        ]
        return check_features(np.concatenate(parts), "the images' features").astype(np.float32)


def _distances(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Returns the distances of n queries to k candidates each, `(n, d)` and `(n, k, d)` to float64 `(n, k)`."""
    return np.sqrt(np.square(queries[:, None] - candidates).sum(axis=2, dtype=np.float64))


def check_images(images: Any, name: str, shape: tuple[int, ...] | None = None, at_least: int = 1) -> None:
    """Refuses what are no images, too few, or not of the shape `(height, width, channels)` of the training images.

    Raises:
        InputError: As said.
    """
    found = tuple(getattr(images, "shape", ()))
    if len(found) != 4 or found[-1] not in (1, 3) or images.dtype != np.uint8:
        raise InputError(
            f"`{name}` must be uint8 images (n, height, width, 1 or 3); got {getattr(images, 'dtype', type(images))} "
            f"{found}. kgan.pixels.to_uint8 quantises images in [-1, 1]."
        )
    if found[0] < at_least:
        raise InputError(f"`{name}` must hold at least {at_least} images to look for copies; got {found[0]}.")
    if shape is not None and found[1:] != shape:
        raise InputError(f"`{name}` must be of the training images' size and channels, {shape}; got {found[1:]}.")
