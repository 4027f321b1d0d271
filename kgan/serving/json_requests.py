"""The body of a predict request: JSON into arrays by their names, by the rules and in the words of TensorFlow Serving.

The source is FillPredictRequestFromJson in tensorflow_serving/util/json_tensor.cc.
"""

import json
import math
from typing import Any

import numpy as np

from kgan.serving.errors import ServingError, invalid
from kgan.serving.json_values import dense, is_object, numbers, show
from kgan.serving.tensors import TensorInfo, shape_text


def parse(body: bytes | bytearray) -> dict[str, Any]:
    """Returns the JSON object that `body` holds; NaN, Infinity and -Infinity are numbers.

    Raises:
        ServingError: INVALID_ARGUMENT `JSON Parse error: ...`, or if it is no object.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_float=_float, parse_int=_whole)
    except RecursionError:
        raise invalid("JSON Parse error: The document is nested too deep") from None
    except json.JSONDecodeError as error:
        raise invalid(f"JSON Parse error: {error.msg} at offset: {error.pos}") from None
    except ValueError as error:
        raise invalid(f"JSON Parse error: {error}") from None
    if type(document) is not dict:
        raise invalid(f"JSON Value: {show(document)} Is not object")
    return document


def signature_name(document: dict[str, Any]) -> str:
    """Returns the signature that is asked for, `""` for the default.

    Raises:
        ServingError: INVALID_ARGUMENT if it is not a string.
    """
    name = document.get("signature_name", "")
    if type(name) is not str:
        raise invalid(
            f"JSON Value: {show(document)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def tensors(document: dict[str, Any], inputs: dict[str, TensorInfo]) -> tuple[dict[str, np.ndarray], bool]:
    """Returns the arrays of a request by their names, and whether it is in row format, `instances`.

    Args:
        document: What `parse` returned.
        inputs: What the signature takes, at least one.

    Raises:
        ServingError: INVALID_ARGUMENT, that says which value is wrong and why; UNIMPLEMENTED for half precision.
    """
    if "instances" in document:
        if "inputs" in document:
            raise invalid(
                f"JSON Value: {show(document)} Not formatted correctly expecting only one of 'inputs' or "
                "'instances' keys to exist "
            )
        return _rows(document, inputs), True
    if "inputs" in document:
        return _columns(document["inputs"], inputs), False
    raise invalid("Missing 'inputs' or 'instances' key")


def _rows(document: dict[str, Any], inputs: dict[str, TensorInfo]) -> dict[str, np.ndarray]:
    instances = document["instances"]
    if type(instances) is not list:
        raise invalid(f"JSON Value: {show(document)} Excepting 'instances' to be an list/array")
    if not instances:
        raise invalid(f"JSON Value: {show(document)} No values in 'instances' array")
    if type(instances[0]) is not dict and len(inputs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    named = is_object(instances[0])
    if named and all(type(row) is dict and row.keys() == inputs.keys() for row in instances):
        columns = {name: [row[name] for row in instances] for name in inputs}
    else:
        columns = {} if named else {next(iter(inputs)): instances}
    arrays = {name: numbers(column, inputs[name].dtype) for name, column in columns.items()}
    if arrays and all(array is not None for array in arrays.values()):
        return arrays  # type: ignore[return-value]
    return _row_by_row(instances, inputs, named)


def _row_by_row(instances: list, inputs: dict[str, TensorInfo], named: bool) -> dict[str, np.ndarray]:
    rows: dict[str, list[np.ndarray]] = {}
    for index, row in enumerate(instances):
        if named != is_object(row):
            expected, got = ("object", "list") if named else ("value/list", "object")
            raise invalid(f"Expecting {expected} but got {got} at item {index} of input list")
        for name, value in row.items() if named else [(next(iter(inputs)), row)]:
            error = _add_row(rows, name, value, inputs)
            if error is not None:
                key = f" key: {name}" if named else ""
                message = f"Failed to process element: {index}{key} of 'instances' list. Error: {error}"
                raise ServingError(error.code, message)
        if named and row.keys() != inputs.keys():
            raise invalid(
                f"Failed to process element: {index} of 'instances' list. JSON object: {show(row)} keys must be "
                f"equal to: {','.join(sorted(inputs))}"
            )
    return {name: np.stack(arrays) for name, arrays in rows.items()}


def _add_row(
    rows: dict[str, list[np.ndarray]], name: str, value: Any, inputs: dict[str, TensorInfo]
) -> ServingError | None:
    """Adds a row's value to those of the rows before, or returns why not."""
    if name not in inputs:
        return invalid(f"JSON object: does not have named input: {name}")
    try:
        array = dense(value, inputs[name].dtype)
    except ServingError as error:
        return error
    earlier = rows.setdefault(name, [])
    if earlier and earlier[0].size != array.size:
        return invalid(f"Expecting tensor size: {earlier[0].size} but got: {array.size}")
    if earlier and earlier[0].shape != array.shape:
        return invalid(f"Expecting shape {shape_text(earlier[0].shape)} but got: {shape_text(array.shape)}")
    earlier.append(array)
    return None


def _columns(value: Any, inputs: dict[str, TensorInfo]) -> dict[str, np.ndarray]:
    if not is_object(value):
        if len(inputs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        value = {next(iter(inputs)): value}
    arrays = {}
    for name, info in inputs.items():
        if name not in value:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
        array = numbers(value[name], info.dtype)
        arrays[name] = dense(value[name], info.dtype) if array is None else array
    return arrays


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("Number too big to be stored in double.")
    return value


def _whole(text: str) -> int | float:
    """Returns an int where 64 bits hold it, otherwise the nearest double, as TensorFlow Serving's parser does."""
    if len(text) < 19:
        return int(text)
    if len(text) > 310:
        raise ValueError("Number too big to be stored in double.")
    value = int(text)
    return value if -(2**63) <= value < 2**64 else _float(text)
