"""`Reference`: the real images that generated ones are compared with, and as many others that give the floor."""

import dataclasses
import os
from pathlib import Path

import numpy as np

from kgan.data import ImageSet
from kgan.errors import InputError
from kgan.evaluation.cache import Note, cached
from kgan.evaluation.protocol import Protocol, digest_of
from kgan.evaluation.sample import Progress, Sample, look_at
from kgan.metrics.detector import cascade_digest
from kgan.metrics.features import Extractor

# Which images of a split stand for it. No option, as numbers by different choices are not comparable.
CHOICE_SEED = 0


@dataclasses.dataclass(frozen=True)
class Part:
    """Some images of a set.

    Attributes:
        data: The set.
        split: The name of the split that it is.
        digest: Of the set, by `digest_of`.
        indices: Which images, ascending.
    """

    data: ImageSet
    split: str
    digest: str
    indices: np.ndarray

    def pixels(self) -> np.ndarray:
        """Returns the images, uint8."""
        return self.data[self.indices]


@dataclasses.dataclass(frozen=True)
class Reference:
    """Two disjoint samples of n real images, as one extractor sees them.

    Attributes:
        extractor: The extractor.
        real_part: The images that generated ones are compared with.
        real: Their features.
        held_out_part: The images that are compared with the first for the floor.
        held_out: Their features.
    """

    extractor: Extractor
    real_part: Part
    real: Sample
    held_out_part: Part
    held_out: Sample

    def __len__(self) -> int:
        """Returns n."""
        return len(self.real)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.real_part.data.image_shape

    def protocol(self, weights: str, seed: int | None, cascade: str | os.PathLike | None = None) -> Protocol:
        """Returns the protocol of generated images, as many as the real ones, that are compared with these.

        Raises:
            InputError: If there is no such cascade.
        """
        same = self.held_out_part.data is self.real_part.data
        return Protocol(
            extractor=self.extractor.name,
            extractor_digest=self.extractor.digest,
            data=self.real_part.data.name.strip("'"),
            split=self.real_part.split,
            data_digest=self.real_part.digest,
            held_out=f"{'other ' if same else ''}images of split {self.held_out_part.split}",
            held_out_digest=self.held_out_part.digest,
            num_real=len(self.real),
            num_generated=len(self.real),
            image_shape=self.image_shape,
            weights=weights,
            seed=seed,
            detector=None if cascade is None else f"{Path(cascade).name} {cascade_digest(cascade)}",
        )


def open_reference(
    real: ImageSet,
    extractor: Extractor,
    num_images: int,
    *,
    split: str = "train",
    held_out: ImageSet | None = None,
    held_out_split: str = "test",
    note: Note = lambda text: None,
    progress: Progress | None = None,
) -> Reference:
    """Chooses the real images and computes their features, or takes them from the cache.

    Distance and floor are both those of n images against n: `num_images`, or fewer where the real images do not
    suffice. The floor's images are held-out ones if there are as many, and otherwise others of the same split, disjoint
    from the first, whichever allows the larger n.

    Args:
        real: The split that generated images are compared with.
        extractor: The extractor.
        num_images: n, if there are that many.
        split: The name of the split.
        held_out: Real images that the generator was not trained on, if there are any.
        held_out_split: The name of their split.
        note: Told of a smaller n, and of the cache.
        progress: Told how far it has come.

    Raises:
        InputError: If there are too few real images, the held-out ones have another shape, or the extractor cannot
            take them.
    """
    first, others = _choose(real, split, held_out, held_out_split, num_images)
    if len(first.indices) < num_images:
        note(f"{len(first.indices):,} images of each kind are compared, not {num_images:,}: {real.name} has no more")

    def features(part: Part, what: str) -> Sample:
        return cached(
            extractor.digest, part.digest, part.indices, lambda: look_at(extractor, part.pixels(), what, progress), note
        )

    return Reference(extractor, first, features(first, "real images"), others, features(others, "held-out images"))


def _choose(
    real: ImageSet, split: str, held_out: ImageSet | None, held_out_split: str, num_images: int
) -> tuple[Part, Part]:
    """Returns the images to compare with, and those of the floor."""
    if held_out is not None and held_out.image_shape != real.image_shape:
        raise InputError(
            f"the held-out images ({held_out.name}, {held_out_split}) must have the shape of the real ones, "
            f"{real.image_shape}; got {held_out.image_shape}."
        )
    spare = 0 if held_out is None else min(len(held_out), len(real))
    num = min(num_images, max(spare, len(real) // 2))
    if num < 2:
        raise InputError(f"{real.name}, split {split}: an evaluation needs at least 4 real images; got {len(real)}.")
    order, digest = _order(len(real)), digest_of(real)
    first = Part(real, split, digest, np.sort(order[:num]))
    if held_out is None or spare < num:
        return first, Part(real, split, digest, np.sort(order[num : 2 * num]))
    return first, Part(held_out, held_out_split, digest_of(held_out), np.sort(_order(len(held_out))[:num]))


def _order(count: int) -> np.ndarray:
    return np.random.default_rng(CHOICE_SEED).permutation(count)


def check_generated(images: np.ndarray, shape: tuple[int, ...]) -> None:
    """Refuses generated images that differ in number, size, channels or type from what they are compared with.

    Raises:
        InputError: If they do.
    """
    if images.shape != shape or images.dtype != np.uint8:
        raise InputError(
            f"the generated images must be uint8 {shape}, as many as the real images and of their size and channels; "
            f"got {images.dtype} {images.shape}."
        )
