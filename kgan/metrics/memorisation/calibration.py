"""What images that are no copies look like, and what number of nearer ones is no chance."""

import numpy as np
from scipy.stats import betabinom

from kgan.errors import InputError

# The share of images that are no copies which the threshold lets pass for copies.
FALSE_RATE = 1e-3
# Chance of an alarm where there is no copying.
ALARM_LEVEL = 1e-4


class Calibration:
    """A threshold for relative distances, and an exact test of how many fall below it.

    The threshold is the r-th smallest of m distances of images that are no copies, r = max(1, 0.001 m). Of n more such
    images, the number below it follows the beta-binomial distribution of n draws with parameters r and m + 1 - r,
    whatever the distribution of the distances.

    Args:
        relative: The m relative distances, `(m,)`.

    Attributes:
        threshold: The distance below which an image counts as a copy.
        expected: The share of images that are no copies which lie below it, r / (m + 1).
    """

    def __init__(self, relative: np.ndarray) -> None:
        self.count = len(relative)
        self.rank = max(1, round(FALSE_RATE * self.count))
        self.threshold = float(np.partition(relative, self.rank - 1)[self.rank - 1])
        self.expected = self.rank / (self.count + 1)

    def test(self, relative: np.ndarray) -> tuple[int, float, int]:
        """Tests, one-sided, whether more distances lie below the threshold than chance brings there.

        Args:
            relative: The relative distances of n samples.

        Returns:
            How many lie below; the chance of so many or more, if there are no copies; how many it takes to make that
            chance less than 1e-4.

        Raises:
            InputError: If not even n would.
        """
        total = len(relative)
        chances = betabinom(total, self.rank, self.count + 1 - self.rank).pmf(np.arange(total + 1))
        # Summed from the far end, where they are smallest.
        tail = np.minimum(np.cumsum(chances[::-1])[::-1], 1.0)
        if not tail[-1] < ALARM_LEVEL:
            raise InputError(
                f"{total} samples, calibrated on {self.count} images, are too few: not even {total} copies "
                "would be evidence. Give more samples, or more images to calibrate on."
            )
        copies = int((relative < self.threshold).sum())
        return copies, float(tail[copies]), int(np.argmax(tail < ALARM_LEVEL))
