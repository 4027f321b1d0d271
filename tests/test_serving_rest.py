"""REST against the contract: paths, both formats, status, metadata, the error table."""

import base64
import io
import socket

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import serving_models
from kgan.errors import InputError
from kgan.serving import Client, server
from kgan.serving.core import Limits
from kgan.serving.server import running
from serving_models import OPENER, ask, images

CONFIG = """
model_config_list {
  config {
    name: "digits" base_path: "/moved/from/digits" model_platform: "tensorflow"
    model_version_policy { specific { versions: 3 versions: 12 } }
    version_labels { key: "stable" value: 3 }
    version_labels { key: "gone" value: 4 }
  }
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("savedmodels")
    (folder / "digits").mkdir()
    serving_models.write(folder / "digits", 3)
    serving_models.write(folder / "digits", 12, scale=0.5)
    (folder / "digits" / ".tmp-13-7").mkdir()
    (folder / "models.config").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def url(folder):
    with running(folder, limits=Limits(body_bytes=100_000, pixels=64 * 64, rows=100, reply_bytes=20_000)) as address:
        yield address.rest


def predict(url, body, model="digits"):
    return ask(url, f"/v1/models/{model}:predict", body)


X = [[0.1, -0.2, 0.3], [1.0, 2.0, -3.0]]


def png(height=5, width=7):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype="uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return pixels, {"b64": base64.b64encode(buffer.getvalue()).decode()}


# ------------------------------------------------------------------ predict


@pytest.mark.parametrize("instances", [X, [{"latents": row} for row in X]])
def test_rows(url, instances):
    status, reply = predict(url, {"instances": instances})
    assert (status, list(reply)) == (200, ["predictions"])
    np.testing.assert_allclose(reply["predictions"], images(X, 0.5), atol=1e-6)


@pytest.mark.parametrize("inputs", [X, {"latents": X}])
def test_columns(url, inputs):
    status, reply = predict(url, {"signature_name": "serving_default", "inputs": inputs})
    assert (status, list(reply)) == (200, ["outputs"])
    np.testing.assert_allclose(reply["outputs"], images(X, 0.5), atol=1e-6)


@pytest.mark.parametrize(
    ("part", "scale"), [("", 0.5), ("/versions/3", 1), ("/versions/012", 0.5), ("/labels/stable", 1)]
)
def test_versions_and_labels(url, part, scale):
    status, reply = predict(url, {"instances": X}, f"digits{part}")
    assert status == 200
    np.testing.assert_allclose(reply["predictions"], images(X, scale), atol=1e-6)


def test_several_inputs_and_outputs(url):
    rows = {"signature_name": "label", "instances": [{"label": 2, "seed": -5}, {"label": 3, "seed": 2**62}]}
    assert predict(url, rows) == (
        200,
        {
            "predictions": [
                {"half": 1.0, "is_even": True, "sum": -3},
                {"half": 1.5, "is_even": False, "sum": 2**62 + 3},
            ]
        },
    )
    columns = {"signature_name": "label", "inputs": {"label": [2, 3], "seed": [-5, 2**62]}}
    assert predict(url, columns) == (
        200,
        {"outputs": {"half": [1.0, 1.5], "is_even": [True, False], "sum": [-3, 2**62 + 3]}},
    )


def test_png_files_go_out_and_come_in(url):
    status, reply = predict(url, {"signature_name": "sample_png", "instances": [1, 2, 1]})
    assert status == 200
    files = [base64.b64decode(file["b64"]) for file in reply["predictions"]]
    assert [Image.open(io.BytesIO(file)).size for file in files] == [(4, 4)] * 3
    assert files[0] == files[2] != files[1]

    (first, file), (second, other) = png(5, 7), png(9, 2)
    # Pictures of several sizes at once.
    status, reply = predict(url, {"signature_name": "translate_png", "inputs": {"image_bytes": [file, other]}})
    assert status == 200
    for pixels, answer in zip((first, second), reply["outputs"], strict=True):
        found = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["b64"]))))
        np.testing.assert_array_equal(found, 255 - pixels)


def test_text_and_empty_batches(url):
    assert predict(url, {"signature_name": "words", "inputs": [["Grün", "A"]]}) == (
        200,
        {"outputs": {"text": [["grün", "a"]], "length": [[5, 1]]}},
    )
    assert predict(url, {"signature_name": "sample_png", "inputs": []}) == (200, {"outputs": []})
    assert predict(url, {"signature_name": "translate_png", "inputs": []}) == (200, {"outputs": []})


def test_more_rows_than_a_batch_holds_are_answered(url, folder):
    seeds = list(range(70))
    status, reply = predict(url, {"signature_name": "sample", "inputs": seeds})
    assert status == 200
    sample = tf.saved_model.load(str(folder / "digits" / "12")).signatures["sample"]
    np.testing.assert_allclose(reply["outputs"], sample(seed=tf.constant(seeds, tf.int64))["images"], atol=1e-6)


# ------------------------------------------------------------------ status, metadata, listing


def test_status(url):
    available = {"state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert ask(url, "/v1/models/digits") == (
        200,
        {"model_version_status": [{"version": "12", **available}, {"version": "3", **available}]},
    )
    for part in ("/versions/3", "/labels/stable"):
        assert ask(url, f"/v1/models/digits{part}") == (200, {"model_version_status": [{"version": "3", **available}]})


def test_metadata(url):
    status, reply = ask(url, "/v1/models/digits/metadata")
    assert status == 200
    assert reply["model_spec"] == {"name": "digits", "signature_name": "", "version": "12"}
    signatures = reply["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "sample", "__saved_model_init_op"} <= signatures.keys()
    signature = signatures["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["latents"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}, {"size": "3", "name": ""}], "unknown_rank": False},
        "name": "serving_default_latents:0",
    }
    assert ask(url, "/v1/models/digits/labels/stable/metadata")[1]["model_spec"]["version"] == "3"


def test_listing_for_the_page(url):
    assert ask(url, "/kgan/models") == (
        200,
        [
            {
                "name": "digits",
                "versions": [3, 12],
                "labels": {"stable": 3, "gone": 4},
                "manifest": {"family": "GAN", "version": 12},
            }
        ],
    )


# ------------------------------------------------------------------ errors

OK = {"instances": X}
TABLE = [
    ("POST", "/v1/models/foo:predict", OK, 404, "Servable not found for request: Latest(foo)"),
    ("POST", "/v1/models/digits/versions/50:predict", OK, 404, "Servable not found for request: Specific(digits, 50)"),
    ("POST", "/v1/models/digits/labels/gone:predict", OK, 404, "Servable not found for request: Specific(digits, 4)"),
    ("POST", "/v1/models/digits/labels/x:predict", OK, 400, "Unrecognized servable version label: x"),
    ("GET", "/v1/models/digits/labels/x", None, 400, "Unrecognized servable version label: x"),
    ("GET", "/v1/models/foo", None, 404, "Could not find any versions of model foo"),
    ("GET", "/v1/models/digits/versions/50", None, 404, "Could not find version 50 of model digits"),
    ("GET", "/v1/models/foo/metadata", None, 404, "Servable not found for request: Latest(foo)"),
    ("GET", "/v1/models", None, 400, "Missing model name in request."),
    ("POST", "/v1/models/digits", OK, 400, "Malformed request: POST /v1/models/digits"),
    ("POST", "/v1/models/digits:guess", OK, 400, "Malformed request: POST /v1/models/digits:guess"),
    ("GET", "/v1/models/digits:predict?a=b", None, 400, "Malformed request: GET /v1/models/digits:predict"),
    ("DELETE", "/v1/models/digits", None, 400, "Malformed request: DELETE /v1/models/digits"),
    ("PUT", "/v1/models/digits:predict", OK, 400, "Malformed request: PUT /v1/models/digits:predict"),
    ("FOO", "/v1/models/digits", None, 400, "Malformed request: FOO /v1/models/digits"),
    ("GET", "/v1/models/..%2f..", None, 404, "Could not find any versions of model ../.."),
    (
        "GET",
        "/v1/models/digits/versions/9223372036854775808",
        None,
        400,
        "Failed to convert version: 9223372036854775808 to numeric.",
    ),
    (
        "POST",
        "/v1/models/digits:predict",
        {"signature_name": "x", **OK},
        400,
        'Serving signature name: "x" not found in signature def',
    ),
    ("POST", "/v1/models/digits:predict", b"", 400, "JSON Parse error: The document is empty"),
    ("POST", "/v1/models/digits:predict", {}, 400, "Missing 'inputs' or 'instances' key"),
    (
        "POST",
        "/v1/models/digits:predict",
        {"inputs": {"y": []}},
        400,
        "Missing named input: latents in 'inputs' object.",
    ),
    (
        "POST",
        "/v1/models/digits:predict",
        {"inputs": "x"},
        400,
        'JSON Value: "x" Type: String is not of expected type: float',
    ),
    (
        "POST",
        "/v1/models/digits:predict",
        {"inputs": [[1, 2]]},
        400,
        "Shape of tensor latents [1,2] is not compatible with expected shape [?,3].",
    ),
    (
        "POST",
        "/v1/models/digits:classify",
        {"examples": []},
        400,
        "Expected classification signature method_name to be tensorflow/serving/classify. "
        "Was: tensorflow/serving/predict",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "message"), TABLE)
def test_the_table_of_errors(url, method, path, body, status, message):
    assert ask(url, path, body, method) == (status, {"error": message})


def test_the_first_mistake_is_the_one_that_is_named(url):
    order = [
        (b"{", "JSON Parse error: "),
        ({"signature_name": 1}, "'signature_name' key must be a string"),
        ({"signature_name": "x"}, "Servable not found"),
    ]
    for body, message in order:
        assert message in predict(url, body, "foo")[1]["error"]
    assert "not found in signature def" in predict(url, {"signature_name": "x"})[1]["error"]


def test_errors_and_replies_have_tensorflow_servings_layout(url):
    import urllib.error

    with pytest.raises(urllib.error.HTTPError) as caught:
        OPENER.open(f"{url}/v1/models/foo")
    with caught.value as reply:
        assert reply.read() == b'{\n    "error": "Could not find any versions of model foo"\n}'
        assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "path", ["/x", "/v2/models", "/page/../../core.py", "/page/%2e%2e/core.py", "/page//etc/passwd"]
)
def test_other_paths_are_not_found_and_not_json(url, path):
    status, body = ask(url, path)
    assert status == 404
    assert isinstance(body, bytes)


# ------------------------------------------------------------------ limits


def test_large_bodies_are_refused(url):
    status, reply = predict(url, b" " * 100_001)
    assert (status, reply) == (413, {"error": "The body of a request may have 100000 bytes"})
    assert predict(url, b" " * 100_000)[0] == 400


def test_large_pictures_are_refused_before_they_are_decoded(url):
    # A file of 64x65 pixels, without the pixels: nothing could decode it.
    data = png(64, 65)[1]["b64"]
    header = base64.b64encode(base64.b64decode(data)[:40]).decode()
    message = "The pictures of a request may have 4096 pixels together; got 4160 (kgan serve --max-pixels allows more)"
    body = {"signature_name": "translate_png", "instances": [{"b64": header}]}
    assert predict(url, body) == (400, {"error": message})
    two = {"signature_name": "translate_png", "instances": [png(64, 33)[1]] * 2}
    assert "got 4224" in predict(url, two)[1]["error"]
    numbers = {"signature_name": "translate", "inputs": np.zeros((1, 100, 41, 3), "int").tolist()}
    assert "got 4100" in predict(url, numbers)[1]["error"]


def test_what_is_no_picture_is_the_senders_mistake(url):
    def answer(data):
        return predict(
            url, {"signature_name": "translate_png", "instances": [{"b64": base64.b64encode(data).decode()}]}
        )

    assert answer(b"hello") == (400, {"error": "Expected the bytes of a PNG, JPEG or BMP file"})
    whole = base64.b64decode(png()[1]["b64"])
    status, reply = answer(whole[:60])
    assert status == 400
    assert "PNG" in reply["error"]


def test_many_rows_and_large_answers_are_refused(url):
    seeds = {"signature_name": "sample", "inputs": list(range(101))}
    assert predict(url, seeds) == (400, {"error": "A request may have 100 rows; got 101"})
    # Also where rows are not joined with those of others.
    for signature, row in (("translate_png", png(1, 1)[1]), ("words", ["a"])):
        status, reply = predict(url, {"signature_name": signature, "inputs": [row] * 101})
        assert (status, reply) == (400, {"error": "A request may have 100 rows; got 101"})
    numbers = {"signature_name": "translate", "inputs": np.zeros((1, 64, 64, 3), "int").tolist()}
    status, reply = predict(url, numbers)
    assert (status, reply["error"]) == (400, "The answer would have more than 20000 bytes; ask for fewer rows")


def test_long_texts_are_refused_and_files_are_none(url):
    status, reply = predict(url, {"signature_name": "words", "inputs": [["a", "b" * 4097]]})
    assert (status, reply) == (400, {"error": "A text of a request may have 4096 bytes; got 4097"})
    assert predict(url, {"signature_name": "words", "inputs": [["b" * 4096]]})[0] == 200
    assert len(base64.b64decode(png(40, 60)[1]["b64"])) > 4096
    assert predict(url, {"signature_name": "translate_png", "inputs": [png(40, 60)[1]]})[0] == 200


def test_files_go_through_the_model_in_parts_of_a_batch(url):
    # 70 rows, of which 32 make a batch; each of another size.
    sent = [png(1, width) for width in range(1, 71)]
    status, reply = predict(url, {"signature_name": "translate_png", "inputs": [file for _, file in sent]})
    assert status == 200
    for (pixels, _), answer in zip(sent, reply["outputs"], strict=True):
        found = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["b64"]))))
        np.testing.assert_array_equal(found, 255 - pixels)


def test_the_server_goes_on_after_all_of_it(url):
    assert predict(url, {"signature_name": "sample_png", "inputs": [1]})[0] == 200


# ------------------------------------------------------------------ bodies that do not come, and where it listens


def stall(url):
    """Returns a connection on which all of a request was sent but its last byte."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    connection = socket.create_connection((host.strip("[]"), int(port)), timeout=60)
    connection.sendall(b"POST /v1/models/digits:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\n" + b" " * 89)
    return connection


def read_all(connection):
    with connection, connection.makefile("rb") as file:
        return file.read()


def test_bodies_that_stall_are_given_up(folder):
    with running(folder, limits=Limits(body_bytes=100, seconds=0.5)) as address:
        stalled = [stall(address.rest) for _ in range(4)]
        # The connections are closed too, or this would wait for as long as they are kept.
        for reply in map(read_all, stalled):
            assert reply.startswith(b"HTTP/1.1 504 ")
            assert b"did not come within 0.5 s" in reply
        assert predict(address.rest, {"instances": [[0, 0, 0]]})[0] == 200


def test_stopping_with_bodies_that_stall_is_silent(folder, monkeypatch, capfd):
    monkeypatch.setattr(server, "GRACE_SECONDS", 0.5)
    with running(folder) as address:
        stalled = stall(address.rest)
        assert predict(address.rest, {"instances": [[0, 0, 0]]})[0] == 200
    assert read_all(stalled).startswith(b"HTTP/1.1 503 ")
    assert "Traceback" not in capfd.readouterr().err


def test_ipv6(folder):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with running(folder, host="::1") as address:
        assert address.rest.startswith("http://[::1]:")
        assert ask(address.rest, "/v1/models/digits")[0] == 200
        with Client(address.rest) as rest, Client(f"grpc://{address.grpc}") as by_grpc:
            assert rest.model("digits").ready()
            assert by_grpc.model("digits").ready()


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "2001:db8::1"])
def test_an_address_of_no_machine_or_another_is_told(folder, host):
    with pytest.raises(InputError, match=rf"cannot listen on {host} \(.*choose an address of this machine: --host"):
        running(folder, host=host).__enter__()


@pytest.mark.parametrize(("argument", "option"), [("rest_port", "--port"), ("grpc_port", "--grpc-port")])
def test_a_port_that_is_taken_is_told(folder, argument, option):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = rf"cannot listen on port {port} of 127\.0\.0\.1 \(.*; choose another: {option}\."
        with pytest.raises(InputError, match=message):
            running(folder, **{argument: port}).__enter__()


def test_one_manifest_that_is_no_json_leaves_the_listing(tmp_path):
    for name in ("digits", "faces"):
        (tmp_path / name).mkdir()
        file = serving_models.write(tmp_path / name) / "assets.extra" / "kgan.json"
    file.write_text('{"options": {"minutes": Infinity}, "scores": [NaN, -1e999, 2.5]}')
    with running(tmp_path) as address:
        status, models = ask(address.rest, "/kgan/models")
    assert (status, models[0]["manifest"]) == (200, {"family": "GAN", "version": 1})
    assert models[1]["manifest"] == {"options": {"minutes": None}, "scores": [None, None, 2.5]}
