"""TensorProto to arrays and back."""

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


def to_array(name: str, tensor: tensor_pb2.TensorProto, most_bytes: int) -> np.ndarray:
    """Returns the array that a request's tensor stands for; of `object` if it holds strings.

    Args:
        name: Of the input, for the message.
        tensor: What the client sent.
        most_bytes: The most that the array may take: a shape is quickly written, and one value can fill all of it.

    Raises:
        ServingError: INVALID_ARGUMENT if type, shape and values do not belong together, or it would be too large.
    """
    sizes = [dim.size for dim in tensor.tensor_shape.dim]
    try:
        if tensor.tensor_shape.unknown_rank or min(sizes, default=0) < 0:
            raise ValueError
        # In Python's integers, which do not overflow.
        num_bytes = tf.as_dtype(tensor.dtype).size
        for size in sizes:
            num_bytes *= size
        if num_bytes > most_bytes:
            raise ValueError
        return np.asarray(tf.make_ndarray(tensor))
    except (ValueError, TypeError):
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


def _tensor_type(array: np.ndarray) -> Any:
    return tf.string if array.dtype == object else array.dtype
