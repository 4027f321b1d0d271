"""Two sets of images that a model translates between: pair by pair, or each in an order of its own."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from kgan.data.batches import by_epochs, check_numbers, endless_indices, in_order, numbered_indices, random_flip
from kgan.data.image_set import ImageSet
from kgan.data.jitter import Jitter
from kgan.errors import InputError
from kgan.pixels import from_uint8

Shape = tuple[int, int, int]

# Gives domain B other draws than A where each has its own.
SIDE_B = 0x73696465


class _TwoSides:
    """What pairs and domains have in common."""

    def __init__(self, a: ImageSet, b: ImageSet, jitter: Jitter | None) -> None:
        if a.image_shape[:2] != b.image_shape[:2]:
            (tall_a, wide_a), (tall_b, wide_b) = a.image_shape[:2], b.image_shape[:2]
            raise InputError(
                f"A and B differ in size: the images of {a.name} are {wide_a}x{tall_a}, those of {b.name} "
                f"{wide_b}x{tall_b}; give image_size (--size), such as 256, to bring both to one."
            )
        for side, images in (("A", a), ("B", b)):
            if not len(images):
                raise InputError(f"domain {side} ({images.name}) is empty; it needs at least one image.")
        self.a = a
        self.b = b
        self.jitter = jitter

    @property
    def name(self) -> str:
        """What messages call the two."""
        return self.a.name if self.a.name == self.b.name else f"{self.a.name} and {self.b.name}"

    @property
    def image_shapes(self) -> tuple[Shape, Shape]:
        """(height, width, channels) of A and of B; they differ in channels at most."""
        return self.a.image_shape, self.b.image_shape

    @property
    def skipped(self) -> dict[str, str]:
        """What was left out as unreadable: name of the file to reason."""
        return {**self.a.skipped, **self.b.skipped}

    @property
    def failure(self) -> InputError | None:
        """What was wrong with an image that could not be read any more when it was needed, or None."""
        return self.a.failure or self.b.failure

    def _side(self, images: ImageSet, seed: int, flip: bool) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        """Returns what makes a side of a batch of its number and its indices."""

        def side(number: tf.Tensor, indices: tf.Tensor) -> tf.Tensor:
            pixels = images.fetch(indices)
            if self.jitter is not None:
                pixels = self.jitter(pixels, seed, number)
            if flip:
                pixels = random_flip(pixels, seed, number)
            return from_uint8(pixels)

        return side


class PairedImages(_TwoSides):
    """Pairs of images: row i of A and row i of B show the same thing in two ways, such as a label map and a photo.

    `len(data)` is the number of pairs; `data[3]`, `data[2:9]` and `data[[4, 0]]` are pairs of uint8 pixels, as they
    are, without jitter.

    Args:
        a: What is translated.
        b: What to.
        jitter: What training images go through, the same for both images of a pair; None for none.

    Raises:
        InputError: If the two differ in number or in size, or are empty.
    """

    def __init__(self, a: ImageSet, b: ImageSet, jitter: Jitter | None = None) -> None:
        if len(a) != len(b):
            raise InputError(
                f"pairs: {a.name} has {len(a)} images and {b.name} has {len(b)}; expected as many of A as of B, row i "
                "of both belonging together."
            )
        super().__init__(a, b, jitter)

    def __len__(self) -> int:
        return len(self.a)

    def __getitem__(self, index: Any) -> tuple[np.ndarray, np.ndarray]:
        return self.a[index], self.b[index]

    def batches(
        self,
        batch_size: int = 1,
        *,
        shuffle: bool = True,
        flip: bool = False,
        seed: int = 0,
        start: int = 0,
        repeat: bool = False,
    ) -> tf.data.Dataset:
        """Returns batches `(a, b)`, float32 `(batch_size, height, width, channels)` in [-1, 1] each.

        The order and the flips are those of `ImageSet.batches` for the same arguments, and so is what `start` and
        `repeat` mean. The images of a pair are enlarged, cut and mirrored alike, as drawn from (seed, batch number)
        alone.

        Args:
            batch_size: Pairs a batch; every batch is full.
            shuffle: Whether each epoch has an order of its own.
            flip: Whether pairs are mirrored, left to right, half the time.
            seed: Of order, crops and flips.
            start: How many batches of the stream have been used before.
            repeat: Whether to go on without end; otherwise each iteration is one epoch, the next one the next.

        Raises:
            InputError: As `ImageSet.batches` does.
        """
        check_numbers(len(self), self.name, batch_size, start)
        side_a, side_b = self._side(self.a, seed, flip), self._side(self.b, seed, flip)
        numbered = numbered_indices(len(self), batch_size, shuffle=shuffle, seed=seed, start=start, repeat=repeat)
        return in_order(numbered, lambda number, indices: (side_a(number, indices), side_b(number, indices)))


class UnpairedImages(_TwoSides):
    """Images of two domains, such as horses and zebras, of which none belong together.

    `len(data)` is the number of images on the longer side. `data[3]`, `data[2:9]` and `data[[4, 0]]` are uint8 pixels
    of both, as they are, without jitter; the shorter side begins anew after its last image.

    Args:
        a: The images of one domain.
        b: Those of the other.
        jitter: What training images go through, each side by itself; None for none.

    Raises:
        InputError: If the two differ in size, or one is empty.
    """

    def __init__(self, a: ImageSet, b: ImageSet, jitter: Jitter | None = None) -> None:
        super().__init__(a, b, jitter)

    def __len__(self) -> int:
        return max(len(self.a), len(self.b))

    def __getitem__(self, index: Any) -> tuple[np.ndarray, np.ndarray]:
        rows = np.arange(len(self))[index]
        return self.a[rows % len(self.a)], self.b[rows % len(self.b)]

    def batches(
        self,
        batch_size: int = 1,
        *,
        shuffle: bool = True,
        flip: bool = False,
        seed: int = 0,
        start: int = 0,
        repeat: bool = False,
    ) -> tf.data.Dataset:
        """Returns batches `(a, b)`, float32 `(batch_size, height, width, channels)` in [-1, 1] each.

        Each side is a stream of its own with epochs of its own, A's that of `ImageSet.batches` for the same arguments,
        B's under another seed made of `seed`. An epoch of both is one of the longer side; meanwhile the shorter one
        goes on with its next epochs. Each image is enlarged, cut and mirrored by itself, as drawn from (seed, batch
        number) alone, and `start` batches in, the stream goes on exactly where an earlier one was left.

        Args:
            batch_size: Images of each side a batch; every batch is full.
            shuffle: Whether each epoch has an order of its own.
            flip: Whether images are mirrored, left to right, half the time.
            seed: Of order, crops and flips.
            start: How many batches of the stream have been used before.
            repeat: Whether to go on without end; otherwise each iteration is one epoch, the next one the next.

        Raises:
            InputError: As `ImageSet.batches` does.
        """
        sides = ((self.a, seed), (self.b, seed ^ SIDE_B))
        for images, _ in sides:
            check_numbers(len(images), images.name, batch_size, start)
        side_a, side_b = (self._side(images, key, flip) for images, key in sides)

        def stream(begin: tf.Tensor) -> tf.data.Dataset:
            both = [endless_indices(len(s), batch_size, begin, shuffle=shuffle, seed=key) for s, key in sides]
            return tf.data.Dataset.zip(tuple(both))

        numbered = by_epochs(stream, len(self) // batch_size, start=start, repeat=repeat)
        return in_order(numbered, lambda a, b: (side_a(*a), side_b(*b)))
