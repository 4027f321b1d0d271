"""The body of a predict reply: arrays into JSON, by the rules and with the white space of TensorFlow Serving.

The source is MakeJsonFromTensors in tensorflow_serving/util/json_tensor.cc, which writes with RapidJSON's PrettyWriter:
rows on one line each, columns with a line for every value.
"""

import base64
import functools
import json
import math

import numpy as np

from kgan.serving.errors import invalid
from kgan.serving.tensors import type_name

INDENT = "    "
# As separate texts, numbers take twenty times their memory.
ELEMENTS_AT_ONCE = 2**16
# Of a decimal that says exactly which float it is: C++'s max_digits10.
EXACT_DIGITS = {"float32": 9, "float64": 17}


def rows(outputs: dict[str, np.ndarray]) -> bytes:
    """Returns `{"predictions": [...]}`, one element a row: bare values if there is one output, objects if several.

    Args:
        outputs: By name; all of one first dimension. Strings (`object`) are base64 if the name ends in `_bytes`.

    Raises:
        ServingError: INVALID_ARGUMENT if the first dimensions differ or there is none, or a type is not to be written.
    """
    if _num_rows(outputs) == 0:
        return b'{\n    "predictions": []\n}'
    each = zip(*map(_split, outputs.values()), strict=True)
    texts = [_row(dict(zip(outputs, row, strict=True))) for row in each]
    separator = f",\n{INDENT * 2}" if len(outputs) > 1 else ", "
    opening = f"\n{INDENT * 2}" if len(outputs) > 1 else ""
    return _encode(f'{{\n{INDENT}"predictions": [{opening}{separator.join(texts)}\n{INDENT}]\n}}')


def columns(outputs: dict[str, np.ndarray]) -> bytes:
    """Returns `{"outputs": ...}`: the array if there is one output, an object of arrays if several.

    Args:
        outputs: As for `rows`, of any shapes.

    Raises:
        ServingError: INVALID_ARGUMENT if a type is not to be written.
    """
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        return _encode(f'{{\n{INDENT}"outputs": {_nested(name, array, 1, single_line=False)}\n}}')
    members = (
        f"{INDENT * 2}{json.dumps(name)}: {_nested(name, outputs[name], 2, single_line=False)}"
        for name in sorted(outputs)
    )
    return _encode(f'{{\n{INDENT}"outputs": {{\n' + ",\n".join(members) + f"\n{INDENT}}}\n}}")


def _num_rows(outputs: dict[str, np.ndarray]) -> int:
    expected = None
    for name in sorted(outputs):
        if not outputs[name].shape:
            raise invalid(f"Tensor name: {name} has no shape information ")
        found = len(outputs[name])
        if expected not in (None, found):
            raise invalid(f"Tensor name: {name} has inconsistent batch size: {found} expecting: {expected}")
        expected = found
    return expected or 0


def _row(outputs: dict[str, np.ndarray]) -> str:
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        return _nested(name, array, 2, single_line=True)
    members = (
        f"{INDENT * 3}{json.dumps(name)}: {_nested(name, outputs[name], 3, single_line=True)}"
        for name in sorted(outputs)
    )
    return "{\n" + ",\n".join(members) + f"\n{INDENT * 2}}}"


def _nested(name: str, array: np.ndarray, level: int, single_line: bool) -> str:
    """Returns an array as nested lists that stand inside `level` others."""
    if array.ndim > 1 and array.size > ELEMENTS_AT_ONCE:
        parts = [_nested(name, part, level + 1, single_line) for part in _split(array)]
        return _list(parts, level, single_line)
    return _layout(array.shape, level, single_line) % tuple(_texts(name, array, level + array.ndim))


def _split(array: np.ndarray) -> list[np.ndarray]:
    """Returns what lies along the first axis, each an array: unlike `array[index]` also where it holds strings."""
    return [array[index : index + 1].reshape(array.shape[1:]) for index in range(len(array))]


@functools.lru_cache(maxsize=16)
def _layout(shape: tuple[int, ...], level: int, single_line: bool) -> str:
    """Returns nested lists with `%s` for each element; the same ones are asked for again and again."""
    text = "%s"
    for axis in reversed(range(len(shape))):
        text = _list([text] * shape[axis], level + axis, single_line)
    return text


def _list(parts: list[str], level: int, single_line: bool) -> str:
    if single_line or not parts:
        return f"[{', '.join(parts)}]"
    inner = f"\n{INDENT * (level + 1)}"
    return f"[{inner}{f',{inner}'.join(parts)}\n{INDENT * level}]"


def _texts(name: str, array: np.ndarray, level: int) -> list[str]:
    """Returns the elements as JSON, in order."""
    kind = array.dtype.name
    if kind in EXACT_DIGITS:
        return _decimals(array.ravel())
    if kind == "object":
        return [_string(value, name.endswith("_bytes"), level) for value in array.ravel()]
    if kind == "bool":
        return ["true" if value else "false" for value in array.ravel()]
    if array.dtype.kind in "iu":
        return [str(value) for value in array.ravel().tolist()]
    raise invalid(f"Failed to write JSON value for tensor type: {type_name(array.dtype)}")


def _decimals(array: np.ndarray) -> list[str]:
    """Returns numbers in six digits where they read back the same, otherwise in as many as that takes."""
    values = tuple(array.tolist())
    texts = (f"%.{EXACT_DIGITS[array.dtype.name]}g " * len(values) % values).split()
    for index in np.flatnonzero(_may_be_short(array)):
        short = f"{values[index]:.6g}"
        if array.dtype.type(short) == array[index]:
            texts[index] = short
    with np.errstate(invalid="ignore"):
        whole = np.flatnonzero(np.trunc(array) == array)
    for index in whole:
        if "." not in texts[index] and "e" not in texts[index]:
            texts[index] += ".0"
    for index in np.flatnonzero(~np.isfinite(array)):
        texts[index] = "NaN" if math.isnan(values[index]) else "Infinity" if values[index] > 0 else "-Infinity"
    return texts


def _may_be_short(array: np.ndarray) -> np.ndarray:
    """Returns where six digits are probably enough: to try all of them takes most of a reply's time."""
    with np.errstate(all="ignore"):
        scale = 10.0 ** (5 - np.floor(np.log10(np.abs(array.astype(np.float64)))))
        near = (np.rint(array * scale) / scale).astype(array.dtype) == array
    # Where the scale itself has no float: zero, and the smallest numbers.
    return near | ~np.isfinite(scale)


def _string(value: bytes, as_base64: bool, level: int) -> str:
    if not as_base64:
        # What is not UTF-8 goes out as it is.
        return json.dumps(value.decode("utf-8", "surrogateescape"), ensure_ascii=False)
    text = base64.b64encode(value).decode()
    return f'{{\n{INDENT * (level + 1)}"b64": "{text}"\n{INDENT * level}}}'


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
