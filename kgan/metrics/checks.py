"""What every metric asks of the arrays that it is given."""

from typing import Any

import numpy as np

from kgan.errors import InputError

# Squares of larger numbers, summed, leave float64.
LARGEST_FEATURE = 1e100


def check_features(features: Any, name: str, at_least: int = 1) -> np.ndarray:
    """Returns features as an array, in the type they came in, once they are known to be usable.

    Args:
        features: `(n, d)`, real numbers.
        name: The argument's name, for the message.
        at_least: How many samples the metric needs.

    Raises:
        InputError: If they are not of rank 2, no numbers, fewer than `at_least`, not finite or beyond 1e100.
    """
    array = np.asarray(features)
    if array.ndim != 2 or array.shape[1] == 0:
        raise InputError(f"`{name}` must be features (n, d), one row a sample; got shape {array.shape}.")
    if array.dtype.kind not in "fiu":
        raise InputError(f"`{name}` must hold real numbers; got the type {array.dtype}.")
    if len(array) < at_least:
        raise InputError(f"`{name}` must hold at least {at_least} samples for this metric; got {len(array)}.")
    # Reductions make no temporary of the array's size, and a NaN fails the comparison.
    if array.size and not max(-float(array.min()), float(array.max())) <= LARGEST_FEATURE:
        rows = np.flatnonzero(~(np.abs(array.astype(np.float64)) <= LARGEST_FEATURE).all(axis=1))
        raise InputError(
            f"`{name}` must be finite and within 1e100; {len(rows)} of its {len(array)} rows are not, "
            f"the first is row {rows[0]}. Have the images or the extractor's weights NaN in them?"
        )
    return array


def check_pair(first: np.ndarray, second: np.ndarray, names: tuple[str, str]) -> None:
    """Refuses two arrays of features of different dimension.

    Raises:
        InputError: If their last axes differ.
    """
    if first.shape[-1] != second.shape[-1]:
        raise InputError(
            f"`{names[0]}` and `{names[1]}` must be features of one extractor; "
            f"got {first.shape[-1]} and {second.shape[-1]} dimensions."
        )


def check_count(value: Any, name: str, at_least: int = 1) -> int:
    """Returns a whole number that is at least `at_least`.

    Raises:
        InputError: If it is not.
    """
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < at_least:
        raise InputError(f"`{name}` must be a whole number of at least {at_least}; got {value!r}.")
    return int(value)
