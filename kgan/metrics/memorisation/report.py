"""`Memorisation`: what was found, in numbers and in words."""

import dataclasses
from typing import NamedTuple

from kgan.metrics.memorisation.variants import Variant


class Pair(NamedTuple):
    """A sample and its nearest training image.

    Attributes:
        sample: Index of the sample.
        original: Index of the training image.
        variant: What the training image has become in the sample.
        distance: The relative distance: 0 for an exact copy, near 1 for an image like many others.
    """

    sample: int
    original: int
    variant: Variant
    distance: float

    def __str__(self) -> str:
        """Returns one line of words."""
        return f"sample {self.sample} is training image {self.original}, {self.variant} (distance {self.distance:.3f})"


@dataclasses.dataclass(frozen=True)
class Memorisation:
    """Which samples are copies of training images, and whether these are too many to be chance.

    Attributes:
        score: Share of the samples that are copies: nearer to a training image than `threshold`.
        expected: The share of images that are no copies which come as near by chance.
        p_value: The chance of a score as high, if samples are like held-out images.
        alarm: Whether `p_value` is below 1e-4.
        threshold: The relative distance below which a sample counts as a copy.
        detectable: The smallest share of copies that raises the alarm with these numbers of images.
        calibrated_on: What the threshold was found on, in words.
        nearest: For every sample its nearest training image, the closest pairs first.
    """

    score: float
    expected: float
    p_value: float
    alarm: bool
    threshold: float
    detectable: float
    calibrated_on: str
    nearest: tuple[Pair, ...]

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.nearest)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The copies: the pairs below the threshold, the closest first."""
        return tuple(pair for pair in self.nearest if pair.distance < self.threshold)

    def describe(self) -> str:
        """Returns a sentence or two in plain words."""
        found = f"{self.score:.1%} of {self.n} samples are as near to a training image as a copy"
        beside = f"{self.expected:.1%} expected without copying, by {self.calibrated_on}"
        if not self.alarm:
            return f"no sign of copying: {found} ({beside}); {self.detectable:.1%} or more would raise the alarm."
        chance = f"p = {self.p_value:.1g}" if self.p_value > 0.0 else "p < 1e-300"
        return (
            f"the generator copies its training images: {found} ({beside}; {chance}); the closest: "
            f"{self.nearest[0]}. Try more training images, or augmentation."
        )
