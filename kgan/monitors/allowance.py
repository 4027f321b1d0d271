"""What a monitor may take of a training's time."""

import contextlib
import time
from collections.abc import Iterator

TINY = 1e-9


class Allowance:
    """Keeps something that is done now and then, such as scoring, within a share of the time.

    Args:
        share: Of all the time since `start`, in (0, 1].

    Attributes:
        taken: How often it was done.
        spent: Seconds that it took.
    """

    def __init__(self, share: float) -> None:
        self.share = share
        self.taken = 0
        self.spent = 0.0
        self._began = time.monotonic()

    def start(self) -> None:
        """Starts the clock."""
        self._began = time.monotonic()

    def affordable(self) -> bool:
        """Tells whether once more, as dear as before, stays within the share; the first time nothing is known of it."""
        taken = max(self.taken, 1)
        return self.spent * (taken + 1) / taken <= self.share * (time.monotonic() - self._began)

    @contextlib.contextmanager
    def spending(self) -> Iterator[None]:
        """Counts what is done inside the block, and its time."""
        start = time.monotonic()
        yield
        self.taken += 1
        self.spent += time.monotonic() - start

    def cost(self) -> float:
        """Returns the share of the time that was spent so far."""
        return self.spent / max(time.monotonic() - self._began, TINY)
