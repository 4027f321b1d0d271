"""Where numbers stand on an axis, and which are written beside it."""

import dataclasses
import math
from collections.abc import Iterable

TICKS, WHOLE_TICKS = 4, 6
# Positive numbers that are farther apart than this are drawn on a logarithmic axis.
WIDE = 30.0


@dataclasses.dataclass(frozen=True)
class Scale:
    """An axis.

    Attributes:
        low: The number at its beginning.
        high: The number at its end, above `low`.
        log: Whether it is logarithmic.
    """

    low: float
    high: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Returns where a number stands: 0 at the beginning, 1 at the end."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, whole: bool = False) -> list[float]:
        """Returns round numbers on the axis, a handful; with `whole` no fractions."""
        if self.log:
            return self._powers()
        step = round_step((self.high - self.low) / (WHOLE_TICKS if whole else TICKS))
        step = max(step, 1.0) if whole else step
        first = math.ceil(self.low / step - 1e-9)
        return [index * step for index in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def _powers(self) -> list[float]:
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        every = max(1, len(exponents) // (TICKS + 1))
        tens = [10.0**exponent for exponent in exponents[::every]]
        within = [tick for tick in tens if self.low <= tick <= self.high]
        if len(within) >= 2:
            return within
        finer = [factor * 10.0**exponent for exponent in exponents for factor in (1, 2, 5)]
        return [tick for tick in finer if self.low <= tick <= self.high]


def round_step(least: float) -> float:
    """Returns the least of 1, 2, 5, 10, ... times a power of ten that is no less than `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1 - 1e-9))


def along(values: Iterable[float]) -> Scale:
    """Returns the axis of epochs or steps: from the first to the last."""
    found = [value for value in values if math.isfinite(value)]
    low, high = min(found, default=0.0), max(found, default=1.0)
    return Scale(low, high) if high > low else Scale(low - 0.5, low + 0.5)


def upwards(values: Iterable[float]) -> Scale:
    """Returns the axis of what is measured: logarithmic if positive numbers are far apart, from 0 if near."""
    found = [value for value in values if math.isfinite(value)]
    low, high = min(found, default=0.0), max(found, default=1.0)
    if low > 0 and high / low > WIDE:
        return Scale(low / 1.15, high * 1.15, log=True)
    margin = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    near_zero = 0 <= low < 0.5 * high
    return Scale(0.0 if near_zero else low - margin, high + margin)


def label(tick: float) -> str:
    """Returns a tick's number in few characters: 0.05, 12, 3,000, 1e-05."""
    if tick and not 1e-4 <= abs(tick) < 1e6:
        return f"{tick:.0e}"
    return f"{tick:,.4f}".rstrip("0").rstrip(".") if tick % 1 else f"{tick:,.0f}"
