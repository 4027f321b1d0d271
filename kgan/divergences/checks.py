"""What the divergences accept: probabilities that sum to 1, places on a line, bases of a logarithm."""

import math
from typing import Any

import numpy as np

from kgan.errors import InputError

# The softmax of a float32 network sums to 1 this closely; what is further off was never meant as probabilities.
TOLERANCE = 1e-6


def numbers(name: str, values: Any) -> np.ndarray:
    """Returns finite numbers, one or more, as float64 of any shape."""
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"`{name}` must be numbers; got {values!r}.") from error
    if not array.size:
        raise InputError(f"`{name}` is empty; it needs one number at least.")
    if not np.isfinite(array).all():
        raise InputError(f"`{name}` must be finite; it has NaN or infinity at index {_first(~np.isfinite(array))}.")
    return array


def probabilities(name: str, values: Any, rank: int = 1) -> np.ndarray:
    """Returns probabilities as float64 of the given rank, divided by their sum to rid them of rounding."""
    array = numbers(name, values)
    if array.ndim != rank:
        raise InputError(f"`{name}` must be an array of rank {rank} of probabilities; got shape {array.shape}.")
    if (array < 0).any():
        index = _first(array < 0)
        raise InputError(f"`{name}` must not be negative; it is {array[index]:g} at index {index}.")
    total = array.sum()
    if abs(total - 1.0) > TOLERANCE:
        raise InputError(
            f"`{name}` must sum to 1, within {TOLERANCE:g}; it sums to {total:.8g}. Divide weights by their sum."
        )
    return array / total


def pair(p: Any, q: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns two distributions over the same outcomes."""
    p, q = probabilities("p", p), probabilities("q", q)
    if len(p) != len(q):
        raise InputError(
            f"`p` and `q` must be over the same outcomes; p has {len(p)} of them and q has {len(q)}. Fill in zeros "
            f"for outcomes that one of them never has."
        )
    return p, q


def places(values: Any, count: int) -> np.ndarray:
    """Returns where `count` outcomes lie on a line, 0, 1, ..., count - 1 if `values` is None."""
    if values is None:
        return np.arange(count, dtype=np.float64)
    array = numbers("positions", values)
    if array.shape != (count,):
        raise InputError(
            f"`positions` must be one number for each of the {count} outcomes; got an array of shape {array.shape}."
        )
    return array


def log_of(base: float) -> float:
    """Returns log(base), by which natural logarithms are divided."""
    if not (math.isfinite(base) and base > 1):
        raise InputError(f"base={base!r} must be above 1: 2 for bits, math.e for nats, 10 for decimal digits.")
    return math.log(base)


def outcomes(name: str, values: Any) -> np.ndarray:
    """Returns a sequence of samples `(n,)`, n >= 1: numbers without NaN, or strings."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"`{name}` must be a flat sequence of samples; got {values!r}.") from error
    if array.ndim != 1 or not array.size:
        raise InputError(f"`{name}` must be a sequence of one or more samples; got shape {array.shape}.")
    if array.dtype.kind not in "biufU":
        raise InputError(f"`{name}` must hold numbers or strings; got {array.dtype}.")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise InputError(f"`{name}` has NaN at index {_first(np.isnan(array))}; leave such samples out.")
    return array


def _first(where: np.ndarray) -> Any:
    """Returns the index of the first True: a number for rank 1, else a tuple."""
    index = tuple(int(i) for i in np.argwhere(where)[0])
    return index[0] if len(index) == 1 else index
