"""TensorProto to arrays and back."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from kgan.serving.errors import invalid

# The field that TensorFlow Serving answers in, by NumPy's name of the type.
_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "bool": "bool_val",
    "object": "string_val",
    **dict.fromkeys(("int32", "int16", "int8", "uint8", "uint16"), "int_val"),
}


def to_arrays(tensors: Mapping[str, tensor_pb2.TensorProto], most_bytes: int) -> dict[str, np.ndarray]:
    """Returns the arrays that a request's tensors stand for, by name; of `object` where they hold strings.

    Args:
        tensors: What the client sent.
        most_bytes: The most that all arrays may take: a shape is quickly written, and one number can fill all of it.

    Raises:
        ServingError: INVALID_ARGUMENT if type, shape and values do not belong together, or they would be too large.
    """
    arrays: dict[str, np.ndarray] = {}
    for name, tensor in tensors.items():
        arrays[name] = _to_array(name, tensor, most_bytes)
        most_bytes -= arrays[name].nbytes
    return arrays


def _to_array(name: str, tensor: tensor_pb2.TensorProto, most_bytes: int) -> np.ndarray:
    try:
        if _num_bytes(tensor) > most_bytes:
            raise ValueError
        return np.asarray(tf.make_ndarray(tensor))
    # The last, for a number that its type does not hold.
    except (ValueError, TypeError, OverflowError):
        raise invalid(f"tensor parsing error: {name}") from None


def to_proto(array: np.ndarray) -> tensor_pb2.TensorProto:
    """Returns an array as TensorFlow Serving writes it, each value in its type's own field."""
    if array.dtype.name not in _FIELDS:
        return tf.make_tensor_proto(array)
    tensor = tensor_pb2.TensorProto(dtype=tf.as_dtype(_tensor_type(array)).as_datatype_enum)
    # A scalar's shape is there, with no sizes in it.
    tensor.tensor_shape.SetInParent()
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    values: Any = array.ravel().tolist()
    getattr(tensor, _FIELDS[array.dtype.name]).extend(values)
    return tensor


def _num_bytes(tensor: tensor_pb2.TensorProto) -> int:
    """Returns how large the array will be, strings without what they hold, before anything is made of it.

    Raises:
        ValueError: If there is no such shape, or the values are not as many as it takes.
        TypeError: If there is no such type.
    """
    sizes = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.tensor_shape.unknown_rank or min(sizes, default=0) < 0:
        raise ValueError
    # In Python's integers, which do not overflow.
    count, dtype = math.prod(sizes), tf.as_dtype(tensor.dtype)
    field = _FIELDS.get(np.dtype(dtype.as_numpy_dtype).name)
    if field and not tensor.tensor_content:
        given = len(getattr(tensor, field))
        # TensorFlow repeats the last value to fill a shape. One number may; a string can be a file of megabytes.
        if given != count and (given != 1 or field == "string_val"):
            raise ValueError
    return count * dtype.size


def _tensor_type(array: np.ndarray) -> Any:
    return tf.string if array.dtype == object else array.dtype
