"""What a client knows of a served model, and how it makes tensors of what a person has: numbers, texts, pictures."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps

from kgan.data.decode import fit
from kgan.errors import InputError, unknown_name
from kgan.serving.tensors import Signature, TensorInfo, shape_text, type_name

# Where TensorFlow's and NumPy's differ by more than case.
NUMPY_NAMES = {"DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_HALF": "float16", "DT_STRING": "object"}


class Asked(NamedTuple):
    """Which model is asked: its name, and a version or a label where the newest loaded version is not meant."""

    name: str
    version: int | None = None
    label: str | None = None


class VersionStatus(NamedTuple):
    """A version's number, its state such as `"AVAILABLE"`, and what went wrong with it, if anything did."""

    version: int
    state: str
    error: str


def tensor_info(name: str, dtype: str, sizes: Sequence[int] | None) -> TensorInfo:
    """Returns what a reply says of a tensor.

    Args:
        name: Its name in the graph.
        dtype: TensorFlow's name of the type, such as `"DT_FLOAT"`.
        sizes: Its shape, -1 where any size will do; None if its rank is not known.
    """
    of_numpy = NUMPY_NAMES.get(dtype, dtype.removeprefix("DT_").lower())
    shape = None if sizes is None else tuple(None if size < 0 else size for size in sizes)
    return TensorInfo(name, np.dtype(of_numpy), shape)


def as_tensors(signature: Signature, inputs: Mapping[str, Any] | Any) -> dict[str, np.ndarray]:
    """Returns the inputs of a signature as arrays of its types; strings as object arrays of bytes.

    Args:
        signature: What it takes.
        inputs: Values by name, or one bare value if it takes one input.

    Raises:
        InputError: If a name is missing or unknown, or a value is of another kind or rank.
    """
    name, takes = signature.name, signature.inputs
    if not isinstance(inputs, Mapping):
        if len(takes) != 1:
            raise InputError(f"signature {name!r} takes {', '.join(sorted(takes))}: give them by name.")
        inputs = {next(iter(takes)): inputs}
    for key in inputs:
        if key not in takes:
            raise unknown_name(f"input of signature {name!r}", key, takes)
    missing = sorted(set(takes) - set(inputs))
    if missing:
        raise InputError(f"signature {name!r} also takes {', '.join(missing)}.")
    return {key: _as_tensor(f"input {key!r} of {name!r}", info, inputs[key]) for key, info in takes.items()}


def _as_tensor(what: str, info: TensorInfo, value: Any) -> np.ndarray:
    if info.dtype == object:
        value = _as_bytes(value)
    try:
        array = np.asarray(value, object if info.dtype == object else None)
    except ValueError as error:
        raise InputError(f"{what} must be one array; got rows of several lengths.") from error
    if not info.takes(array.shape):
        raise InputError(f"{what} must be of shape {shape_text(info.shape)}; got {shape_text(array.shape)}.")
    # NumPy calls an empty list float.
    if array.size and not np.can_cast(array.dtype, info.dtype, "same_kind"):
        raise InputError(f"{what} must be {type_name(info.dtype)}; got {type_name(array.dtype)}.")
    return array.astype(info.dtype)


def _as_bytes(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    if isinstance(value, Image.Image):
        return _encoded(value)
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_as_bytes(each) for each in value]
    raise InputError(f"texts and pictures must be str, bytes or Pillow pictures; got {type(value).__name__}.")


def to_png(picture: Image.Image | str | Path, channels: int) -> bytes:
    """Returns a picture as a PNG file with so many channels, 1 or 3, turned upright, on white where transparent.

    Raises:
        InputError: If it is neither a Pillow picture nor a path.
        OSError: If the path is no picture that can be read.
    """
    if isinstance(picture, (str, Path)):
        with Image.open(picture) as opened:
            return to_png(opened, channels)
    if not isinstance(picture, Image.Image):
        raise InputError(f"a picture must be a Pillow picture or a path; got {type(picture).__name__}.")
    pixels = fit(ImageOps.exif_transpose(picture), None, channels)
    return _encoded(Image.fromarray(pixels[..., 0] if channels == 1 else pixels))


def from_png(file: bytes) -> Image.Image:
    """Returns the picture of a PNG file."""
    picture = Image.open(io.BytesIO(file))
    picture.load()
    return picture


def _encoded(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()
