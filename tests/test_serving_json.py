"""Requests and replies in JSON: arrays, and the messages of TensorFlow Serving's json_tensor.cc."""

import json

import numpy as np
import pytest

from kgan.serving import json_replies, json_requests
from kgan.serving.errors import ServingError
from kgan.serving.tensors import TensorInfo


def info(dtype):
    return TensorInfo("", np.dtype(object if dtype == "string" else dtype), None)


def read(body, **inputs):
    """Returns the arrays of a request whose signature takes tensors of these types."""
    document = json_requests.parse(body.encode())
    return json_requests.tensors(document, {name: info(dtype) for name, dtype in inputs.items()})


def error_of(body, **inputs):
    with pytest.raises(ServingError) as caught:
        read(body, **inputs)
    return caught.value


def check(array, dtype, values):
    assert array.dtype == dtype
    assert array.tolist() == values


# ------------------------------------------------------------------ requests


def test_rows_of_one_input_are_bare_or_named():
    for body in ('{"instances": [[1, 2], [3, 4.5]]}', '{"instances": [{"x": [1, 2]}, {"x": [3, 4.5]}]}'):
        arrays, are_rows = read(body, x="float32")
        assert are_rows
        check(arrays["x"], "float32", [[1, 2], [3, 4.5]])


def test_rows_of_several_inputs_are_objects():
    arrays, _ = read(
        '{"instances": [{"label": 3, "seed": -9223372036854775808}, {"seed": 7, "label": 4}]}',
        label="int64",
        seed="int64",
    )
    check(arrays["label"], "int64", [3, 4])
    check(arrays["seed"], "int64", [-(2**63), 7])


def test_columns_are_bare_or_named_and_what_is_unknown_is_left_out():
    arrays, are_rows = read('{"inputs": [[1], [2]]}', x="float64")
    assert not are_rows
    check(arrays["x"], "float64", [[1], [2]])
    arrays, _ = read('{"inputs": {"x": [1, 2], "y": [true], "z": 0}}', x="int32", y="bool")
    check(arrays["x"], "int32", [1, 2])
    check(arrays["y"], "bool", [True])


def test_strings_are_text_or_base64():
    arrays, _ = read('{"instances": ["blue hair", {"b64": "AP8="}, {"b64": "AP 8"}, ""]}', prompt="string")
    check(arrays["prompt"], object, [b"blue hair", b"\x00\xff", b"\x00\xff", b""])
    arrays, _ = read('{"inputs": {"file": {"b64": "aGk="}, "word": ["\\u00e9"]}}', file="string", word="string")
    assert arrays["file"].shape == ()
    assert arrays["file"].item() == b"hi"
    check(arrays["word"], object, [b"\xc3\xa9"])


def test_numbers_are_exact_and_may_be_nan_or_infinite():
    arrays, _ = read('{"inputs": [0.1, NaN, Infinity, -Infinity, 16777215, 1e-50]}', x="float32")
    np.testing.assert_array_equal(arrays["x"], np.array([0.1, np.nan, np.inf, -np.inf, 16777215, 0], "float32"))
    # As TensorFlow Serving: small integers are cut without a check.
    check(read('{"inputs": [300, -1]}', x="uint8")[0]["x"], "uint8", [44, 255])
    # Beyond 64 bits a whole number is a decimal.
    check(read('{"inputs": [123456789012345678901]}', x="float64")[0]["x"], "float64", [123456789012345678901.0])


@pytest.mark.parametrize(("body", "shape"), [("[]", (0,)), ("[[], []]", (2, 0)), ("7", ()), ("[[[1]]]", (1, 1, 1))])
def test_columns_have_the_shape_of_their_lists(body, shape):
    assert read(f'{{"inputs": {body}}}', x="int64")[0]["x"].shape == shape


PARSE_ERRORS = ["", "{", "[1", '{"instances": [1,]}', '{"inputs": 1e400}', '{"inputs": ' + "9" * 5000 + "}", "\x00"]


@pytest.mark.parametrize("body", PARSE_ERRORS)
def test_what_is_no_json_is_a_parse_error(body):
    error = error_of(body, x="float32")
    assert error.http_status == 400
    assert error.message.startswith("JSON Parse error: ")


def test_an_empty_document_and_one_nested_too_deep_are_parse_errors():
    assert error_of("", x="float32").message == "JSON Parse error: The document is empty"
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        deep = f'{{"inputs": {opening * 100_000}1{closing * 100_000}}}'
        assert error_of(deep, x="float32").message == "JSON Parse error: The document is nested too deep"
    with pytest.raises(ServingError, match="JSON Parse error: "):
        json_requests.parse(b'{"inputs": "\xff"}')


def test_the_signature_is_a_string():
    assert json_requests.signature_name({}) == ""
    assert json_requests.signature_name({"signature_name": "sample"}) == "sample"
    with pytest.raises(ServingError, match="'signature_name' key must be a string value"):
        json_requests.signature_name({"signature_name": 5})


FAILED = "Failed to process element: {} of 'instances' list. Error: INVALID_ARGUMENT: "
MISTAKES = [
    ("{}", "Missing 'inputs' or 'instances' key"),
    (
        '{"instances": [1], "inputs": [1]}',
        'JSON Value: {\n    "instances": [\n        1\n    ],\n    "inputs": [\n        1\n    ]\n} Not formatted '
        "correctly expecting only one of 'inputs' or 'instances' keys to exist ",
    ),
    ('{"instances": 1}', "JSON Value: {\n    \"instances\": 1\n} Excepting 'instances' to be an list/array"),
    ('{"instances": []}', "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array"),
    ("[1]", "JSON Value: [\n    1\n] Is not object"),
    ('{"inputs": "x"}', 'JSON Value: "x" Type: String is not of expected type: float'),
    ('{"inputs": [1, null]}', "JSON Value: null Type: Null is not of expected type: float"),
    ('{"inputs": [true]}', "JSON Value: true Type: True is not of expected type: float"),
    (
        '{"inputs": [{"b64": "AA=="}]}',
        'JSON Value: {\n    "b64": "AA=="\n} Type: Object is not of expected type: float',
    ),
    ('{"inputs": [16777216]}', "Cannot convert JSON value: 16777216 to float without loss of precision."),
    ('{"inputs": [1e39]}', "Cannot convert JSON value: 1e+39 to float without loss of precision."),
    ('{"inputs": [[1, 2], [3]]}', "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
    ('{"inputs": [1, [2]]}', "Encountered list at unexpected level: 1 expected < 1"),
    ('{"inputs": [[1], 2]}', "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
    ('{"inputs": {"y": [1]}}', "Missing named input: x in 'inputs' object."),
    ('{"instances": [[1, 2], [3]]}', FAILED.format(1) + "Expecting tensor size: 2 but got: 1"),
    ('{"instances": [[1, 2], [[3, 4]]]}', FAILED.format(1) + "Expecting shape [2] but got: [1,2]"),
    (
        '{"instances": ["x"]}',
        FAILED.format(0) + 'JSON Value: "x" Type: String is not of expected type: float',
    ),
    ('{"instances": [1, {"x": 1}]}', "Expecting value/list but got object at item 1 of input list"),
    ('{"instances": [{"x": 1}, 1]}', "Expecting object but got list at item 1 of input list"),
    (
        '{"instances": [{"y": 1}]}',
        FAILED.format("0 key: y") + "JSON object: does not have named input: y",
    ),
]


@pytest.mark.parametrize(("body", "message"), MISTAKES)
def test_mistakes_are_named_as_tensorflow_serving_does(body, message):
    error = error_of(body, x="float32")
    assert (error.code, error.message) == ("INVALID_ARGUMENT", message)


def test_mistakes_of_several_inputs():
    assert error_of('{"instances": [1]}', x="int64", y="int64").message.startswith("instances is a plain list, but")
    assert error_of('{"inputs": [1]}', x="int64", y="int64").message.startswith("inputs is a plain value/list, but")
    assert error_of('{"instances": [{"x": 1}]}', x="int64", y="int64").message == (
        "Failed to process element: 0 of 'instances' list. JSON object: {\n    \"x\": 1\n} keys must be equal to: x,y"
    )


@pytest.mark.parametrize("number", ["1.0", "1e2", "9223372036854775808", "true", '"1"', "null"])
def test_integers_need_an_integer_that_fits(number):
    assert "is not of expected type: int64" in error_of(f'{{"inputs": [{number}]}}', seed="int64").message


def test_binary_must_be_base64():
    assert error_of('{"inputs": [{"b64": "a"}]}', f="string").message == "Unable to base64 decode"
    assert error_of('{"inputs": [{"b64": "\\u00e9=="}]}', f="string").message == "Unable to base64 decode"
    assert error_of('{"inputs": [{"b65": "aGk="}], "x": 0}', f="string").message == (
        'JSON Value: {\n    "b65": "aGk="\n} not formatted correctly for base64 data'
    )
    assert "surrogate" in error_of('{"inputs": ["\\ud800"]}', f="string").message


def test_half_precision_is_not_implemented():
    assert error_of('{"inputs": [1.0]}', x="float16").http_status == 501


def test_a_message_does_not_repeat_a_large_request():
    assert len(error_of(json.dumps({"instances": {"x": [0] * 100_000}}), x="float32").message) < 1000


# ------------------------------------------------------------------ replies


def test_rows_are_written_as_tensorflow_serving_does():
    assert json_replies.rows({"y": np.array([2.5, 3, 4.5], "float32")}) == (
        b'{\n    "predictions": [2.5, 3.0, 4.5\n    ]\n}'
    )
    several = {"z": np.array([[1], [2]]), "y_bytes": np.array([b"hi", b""], object)}
    assert json_replies.rows(several) == (
        b'{\n    "predictions": [\n        {\n            "y_bytes": {\n                "b64": "aGk="\n            },\n'
        b'            "z": [1]\n        },\n        {\n            "y_bytes": {\n                "b64": ""\n'
        b'            },\n            "z": [2]\n        }\n    ]\n}'
    )
    assert json_replies.rows({"y": np.zeros((0, 3), "float32")}) == b'{\n    "predictions": []\n}'


def test_columns_are_written_as_tensorflow_serving_does():
    assert json_replies.columns({"y": np.array([[1], [2]])}) == (
        b'{\n    "outputs": [\n        [\n            1\n        ],\n        [\n            2\n        ]\n    ]\n}'
    )
    assert json_replies.columns({"b": np.array([True]), "a": np.zeros((0, 2))}) == (
        b'{\n    "outputs": {\n        "a": [],\n        "b": [\n            true\n        ]\n    }\n}'
    )


def test_decimals_are_short_where_that_is_exact():
    values = np.array([0.1, 1e6, 3e-5, 9000000, 1234567, -0.0, 16777216, 1e30], "float32")
    texts = json_replies.rows({"y": values}).decode().split("[")[1].split("\n")[0].split(", ")
    assert texts == ["0.1", "1e+06", "3e-05", "9e+06", "1234567.0", "-0.0", "16777216.0", "1e+30"]
    assert b"[NaN, Infinity, -Infinity\n" in json_replies.rows({"y": np.array([np.nan, np.inf, -np.inf])})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_float_comes_back_as_it_was(dtype):
    bits = np.random.default_rng(0).integers(0, 256, 8 * 5000, dtype="uint8").tobytes()
    values = np.frombuffer(bits, dtype)
    for write, key in ((json_replies.rows, "predictions"), (json_replies.columns, "outputs")):
        written = np.array(json.loads(write({"y": values}))[key], dtype)
        np.testing.assert_array_equal(written, values)


def test_large_arrays_are_written_like_small_ones(monkeypatch):
    values = {"y": np.random.default_rng(0).standard_normal((2, 3, 5)), "f_bytes": np.full((2, 4), b"hi", object)}
    whole = [write(values) for write in (json_replies.rows, json_replies.columns)]
    monkeypatch.setattr(json_replies, "ELEMENTS_AT_ONCE", 4)
    assert [write(values) for write in (json_replies.rows, json_replies.columns)] == whole


def test_text_that_is_not_utf8_goes_out_as_it_is():
    array = np.array([b'a"\n\xc3\xa9', b"\xff"], object)
    assert b'["a\\"\\n\xc3\xa9", "\xff"\n' in json_replies.rows({"text": array})


def test_what_cannot_be_written_is_refused():
    with pytest.raises(ServingError, match="Tensor name: y has no shape information"):
        json_replies.rows({"y": np.float32(1)})
    with pytest.raises(ServingError, match="Tensor name: z has inconsistent batch size: 2 expecting: 1"):
        json_replies.rows({"y": np.zeros(1), "z": np.zeros(2)})
    with pytest.raises(ServingError, match="Failed to write JSON value for tensor type: half"):
        json_replies.rows({"y": np.zeros(1, "float16")})
