"""Signatures: what a model can be asked, and what its tensors must be like."""

from typing import NamedTuple

import numpy as np

# TensorFlow's own names, of DataTypeString, where they are not NumPy's; messages use them.
_NAMES = {"float32": "float", "float64": "double", "float16": "half", "object": "string"}
_RANK_OF_IMAGES = 4


class TensorInfo(NamedTuple):
    """One input or output of a signature.

    Attributes:
        tensor: Its name in the graph.
        dtype: `object` where TensorFlow says string: each element is `bytes`.
        shape: Its sizes, None where any will do; None in all for any shape.
    """

    tensor: str
    dtype: np.dtype
    shape: tuple[int | None, ...] | None

    @property
    def has_rows(self) -> bool:
        """Whether the first axis is the batch, of any size."""
        return self.shape is not None and self.shape[:1] == (None,)

    @property
    def has_rows_of_one_size(self) -> bool:
        """Whether it `has_rows`, and all of them have the same, known shape."""
        return self.shape is not None and self.has_rows and None not in self.shape[1:]

    @property
    def holds_pictures(self) -> bool:
        """Whether each row is an image of any height and width: `(n, None, None, channels)`."""
        return self.shape is not None and len(self.shape) == _RANK_OF_IMAGES and self.shape[1:3] == (None, None)

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of `shape` fits."""
        if self.shape is None:
            return True
        return len(shape) == len(self.shape) and all(
            mine in (None, given) for mine, given in zip(self.shape, shape, strict=True)
        )


class Signature(NamedTuple):
    """What a model can be asked.

    Attributes:
        name: As requests name it.
        inputs: What it takes, by name, in alphabetical order.
        outputs: What it answers, likewise.
    """

    name: str
    inputs: dict[str, TensorInfo]
    outputs: dict[str, TensorInfo]

    @property
    def is_batchable(self) -> bool:
        """Whether rows of several requests may go through the model together: all rows have one known size."""
        # Encoded pictures have any size.
        of_one_size = (info.has_rows_of_one_size and not holds_files(name) for name, info in self.inputs.items())
        return all(of_one_size) and all(info.has_rows for info in self.outputs.values())

    @property
    def is_divisible(self) -> bool:
        """Whether the rows of a request may go through the model in parts, and their answers be joined."""
        if self.is_batchable:
            return True
        # Pictures as numbers have one size in a request, and so have the answers to them; those in files need not.
        may_differ = any(map(holds_files, self.inputs))
        return all(info.has_rows for info in self.inputs.values()) and all(
            info.has_rows_of_one_size or (info.holds_pictures and not may_differ) for info in self.outputs.values()
        )


def holds_files(name: str) -> bool:
    """Whether the strings of an input or output of this name are pictures' files, by TensorFlow Serving's rule."""
    return name.endswith("_bytes")


def type_name(dtype: np.dtype) -> str:
    """Returns how TensorFlow's messages name a type: `"float"` for float32."""
    return _NAMES.get(dtype.name, dtype.name)


def shape_text(shape: tuple[int | None, ...] | None) -> str:
    """Returns a shape as TensorFlow's messages write it: `[?,64]`."""
    return "<unknown>" if shape is None else f"[{','.join('?' if n is None else str(n) for n in shape)}]"
