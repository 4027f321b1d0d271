"""One tensor of a request: a JSON value into an array, by the rules and in the words of TensorFlow Serving.

The source is tensorflow_serving/util/json_tensor.cc. Its walk through the document, value by value, is `dense`; lists
of numbers without a mistake, by far the most, take the shorter `numbers`, which gives the same arrays.
"""

import base64
import binascii
import itertools
import json
import math
from typing import Any

import numpy as np

from kgan.serving.errors import ServingError, invalid
from kgan.serving.tensors import type_name

# NumPy 1 knows no more axes.
MOST_AXES = 32
SHOWN_CHARACTERS = 500
LARGEST_FLOAT = float(np.finfo(np.float32).max)
# Whole numbers beyond are refused, for not every one of them can be told from its neighbours.
LARGEST_WHOLE = {"float32": 2**24 - 1, "float64": 2**53 - 1}
# Small integers travel as int32 and are cut afterwards, unchecked: 300 becomes 44 as uint8.
WHOLE_RANGES = {
    **dict.fromkeys(("int32", "int16", "int8", "uint8"), (-(2**31), 2**31 - 1)),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}


def numbers(value: Any, dtype: np.dtype) -> np.ndarray | None:
    """Returns `value`, lists of equal lengths of numbers that fit, as an array; None if it is anything else."""
    leaves: list = [value]
    shape: list[int] = []
    while leaves and type(leaves[0]) is list and len(shape) < MOST_AXES:
        size = len(leaves[0])
        if not all(type(part) is list and len(part) == size for part in leaves):
            return None
        shape.append(size)
        leaves = list(itertools.chain.from_iterable(leaves))
    kinds = set(map(type, leaves))
    if dtype.name in LARGEST_WHOLE and kinds <= {int, float}:
        largest = LARGEST_WHOLE[dtype.name]
        if int in kinds and not all(-largest <= leaf <= largest for leaf in leaves if type(leaf) is int):
            return None
        array = np.array(leaves, np.float64)
        if dtype.name == "float32" and (np.abs(array[np.isfinite(array)]) > LARGEST_FLOAT).any():
            return None
    elif dtype.name in WHOLE_RANGES and kinds <= {int}:
        low, high = WHOLE_RANGES[dtype.name]
        if leaves and not (low <= min(leaves) and max(leaves) <= high):
            return None
        array = np.array(leaves, np.uint64 if low == 0 else np.int64)
    else:
        return None
    return array.astype(dtype).reshape(shape)


def dense(value: Any, dtype: np.dtype) -> np.ndarray:
    """Returns nested lists as an array; strings as `bytes` in one of `object`.

    Args:
        value: What `json.loads` returns.
        dtype: What it is to be.

    Raises:
        ServingError: INVALID_ARGUMENT, that says which value is wrong and why; UNIMPLEMENTED for half precision.
    """
    shape, inner = [], value
    while type(inner) is list:
        shape.append(len(inner))
        inner = inner[0] if inner else None
    if len(shape) > MOST_AXES:
        raise invalid(f"Encountered list at unexpected level: {MOST_AXES} expected < {MOST_AXES}")
    leaves: list = []
    _fill(value, 0, shape, dtype, leaves)
    array = np.empty(len(leaves), dtype)
    array[:] = np.array(leaves, np.int64).astype(dtype) if dtype.name in ("int8", "int16", "uint8") else leaves
    return array.reshape(shape)


def _fill(value: Any, level: int, shape: list[int], dtype: np.dtype, leaves: list) -> None:
    rank = len(shape)
    if type(value) is not list:
        if level != rank:
            raise invalid(
                f"JSON Value: {show(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {rank}"
            )
        leaves.append(_leaf(value, dtype))
        return
    if level >= rank:
        raise invalid(f"Encountered list at unexpected level: {level} expected < {rank}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    for part in value:
        _fill(part, level + 1, shape, dtype, leaves)


def _leaf(value: Any, dtype: np.dtype) -> Any:
    if dtype.name == "object":
        return _decode(value) if type(value) is dict else _text(value)
    if dtype.name in LARGEST_WHOLE:
        if type(value) not in (int, float):
            raise _wrong_type(value, dtype)
        largest = LARGEST_WHOLE[dtype.name] if type(value) is int else LARGEST_FLOAT
        unbounded = dtype.name == "float64" and type(value) is float
        if math.isfinite(value) and abs(value) > largest and not unbounded:
            raise invalid(f"Cannot convert JSON value: {show(value)} to {type_name(dtype)} without loss of precision.")
        return value
    if dtype.name in WHOLE_RANGES:
        low, high = WHOLE_RANGES[dtype.name]
        if type(value) is not int or not low <= value <= high:
            raise _wrong_type(value, dtype)
        return value
    if dtype.name == "bool":
        if type(value) is not bool:
            raise _wrong_type(value, dtype)
        return value
    raise ServingError("UNIMPLEMENTED", f"Conversion of JSON Value: {show(value)} to type: {type_name(dtype)}")


def _text(value: Any) -> bytes:
    if type(value) is not str:
        raise _wrong_type(value, np.dtype(object))
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise invalid("JSON Parse error: The surrogate pair in string is invalid.") from None


def _decode(value: dict[str, Any]) -> bytes:
    if is_object(value):
        raise invalid(f"JSON Value: {show(value)} not formatted correctly for base64 data")
    # Spaces and missing padding are let pass, as there.
    text = "".join(value["b64"].split()).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("Unable to base64 decode") from None


def is_object(value: Any) -> bool:
    """Whether `value` is a JSON object and no `{"b64": "..."}`, which stands for a string."""
    return type(value) is dict and not (len(value) == 1 and type(value.get("b64")) is str)


def _wrong_type(value: Any, dtype: np.dtype) -> ServingError:
    kinds = {dict: "Object", list: "Array", str: "String", type(None): "Null"}
    kind = str(value) if type(value) is bool else kinds.get(type(value), "Number")
    return invalid(f"JSON Value: {show(value)} Type: {kind} is not of expected type: {type_name(dtype)}")


def show(value: Any) -> str:
    """Returns the JSON of `value`, cut off where it gets long: a reply need not be as large as its request."""
    text = ""
    for part in json.JSONEncoder(indent=4, ensure_ascii=False).iterencode(value):
        text += part[: SHOWN_CHARACTERS + 1]
        if len(text) > SHOWN_CHARACTERS:
            return text[:SHOWN_CHARACTERS] + "..."
    return text
