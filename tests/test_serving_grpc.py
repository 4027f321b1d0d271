"""gRPC against the contract, and by a client that others wrote."""

import queue
import threading
from unittest import mock

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

import serving_models
from kgan.serving import grpc_health, grpc_server
from kgan.serving.core import Limits
from kgan.serving.errors import ServingError
from kgan.serving.server import running
from serving_models import images

CONFIG = """
model_config_list { config {
  name: "digits" base_path: "/models/digits" model_platform: "tensorflow"
  model_version_policy { all {} }
  version_labels { key: "stable" value: 1 }
} }
"""
X = np.array([[0.1, -0.2, 0.3], [1.0, 2.0, -3.0]], "float32")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("savedmodels")
    (folder / "digits").mkdir()
    serving_models.write(folder / "digits", 1)
    serving_models.write(folder / "digits", 2, scale=0.5)
    (folder / "models.config").write_text(CONFIG)
    with running(folder, limits=Limits(body_bytes=100_000)) as address:
        yield address.grpc


@pytest.fixture(scope="module")
def channel(address):
    with grpc.insecure_channel(address) as channel:
        yield channel


@pytest.fixture(scope="module")
def prediction(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="module")
def models(channel):
    return model_service_pb2_grpc.ModelServiceStub(channel)


def fill(spec, name="digits", version=None, label=None, signature=""):
    spec.name, spec.signature_name = name, signature
    if version is not None:
        spec.version.value = version
    if label is not None:
        spec.version_label = label


def request(inputs, wanted=(), **spec):
    message = predict_pb2.PredictRequest(output_filter=wanted)
    fill(message.model_spec, **spec)
    for name, value in inputs.items():
        tensor = value if isinstance(value, TensorProto) else tf.make_tensor_proto(value)
        message.inputs[name].CopyFrom(tensor)
    return message


def refusal(call, message):
    with pytest.raises(grpc.RpcError) as caught:
        call(message)
    return caught.value.code().name, caught.value.details()


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("spec", "version", "scale"), [({}, 2, 0.5), ({"version": 1}, 1, 1.0), ({"label": "stable"}, 1, 1.0)]
)
def test_predict(prediction, spec, version, scale):
    reply = prediction.Predict(request({"latents": X}, **spec))
    assert (reply.model_spec.name, reply.model_spec.version.value) == ("digits", version)
    assert reply.model_spec.signature_name == "serving_default"
    assert list(reply.outputs) == ["images"]
    np.testing.assert_allclose(tf.make_ndarray(reply.outputs["images"]), images(X, scale), atol=1e-6)
    # As TensorFlow Serving fills it in, for clients that read this field alone.
    assert len(reply.outputs["images"].float_val) == 2 * 16


@pytest.mark.parametrize("num_rows", [0, 1, 7, 70])
def test_batches_of_any_size(prediction, num_rows):
    reply = prediction.Predict(request({"seed": np.arange(num_rows)}, signature="sample"))
    found = tf.make_ndarray(reply.outputs["images"])
    assert (found.dtype, found.shape) == ("float32", (num_rows, 4, 4, 1))


def test_types_go_through(prediction):
    inputs = {"label": np.array([2, 3]), "seed": np.array([-5, 2**62])}
    reply = prediction.Predict(request(inputs, signature="label"))
    found = {name: tf.make_ndarray(tensor).tolist() for name, tensor in reply.outputs.items()}
    assert found == {"half": [1.0, 1.5], "is_even": [True, False], "sum": [-3, 2**62 + 3]}
    reply = prediction.Predict(request(inputs, signature="label", wanted=["sum"]))
    assert list(reply.outputs) == ["sum"]
    reply = prediction.Predict(request({"prompt": [["A", "bC"]]}, signature="words"))
    assert tf.make_ndarray(reply.outputs["text"]).tolist() == [[b"a", b"bc"]]


def test_metadata(prediction):
    message = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    fill(message.model_spec)
    reply = prediction.GetModelMetadata(message)
    assert (reply.model_spec.name, reply.model_spec.version.value) == ("digits", 2)
    definitions = get_model_metadata_pb2.SignatureDefMap()
    assert reply.metadata["signature_def"].Unpack(definitions)
    latents = definitions.signature_def["serving_default"].inputs["latents"]
    assert [dim.size for dim in latents.tensor_shape.dim] == [-1, 3]


def test_status(models):
    message = get_model_status_pb2.GetModelStatusRequest()
    fill(message.model_spec)
    found = [(s.version, s.state, s.status.error_code) for s in models.GetModelStatus(message).model_version_status]
    available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
    assert found == [(2, available, 0), (1, available, 0)]


def health_check(channel):
    return channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=grpc_health.HealthCheckRequest.SerializeToString,
        response_deserializer=grpc_health.HealthCheckResponse.FromString,
    )


def test_health(channel):
    check = health_check(channel)
    assert check(grpc_health.HealthCheckRequest()).status == grpc_health.SERVING
    # As on the wire: field 1, a varint, SERVING.
    assert grpc_health.HealthCheckResponse(status=1).SerializeToString() == b"\x08\x01"
    assert refusal(check, grpc_health.HealthCheckRequest(service="x"))[0] == "NOT_FOUND"


def test_an_independent_client(address):
    ovmsclient = pytest.importorskip("ovmsclient")
    client = ovmsclient.make_grpc_client(address)
    assert client.get_model_status("digits")[2] == {"state": "AVAILABLE", "error_code": 0, "error_message": ""}
    metadata = client.get_model_metadata("digits")
    assert metadata["model_version"] == 2
    assert metadata["inputs"] == {"latents": {"shape": [-1, 3], "dtype": "DT_FLOAT"}}
    found = client.predict({"latents": X}, "digits", model_version=1)
    np.testing.assert_allclose(found, images(X), atol=1e-6)


# ------------------------------------------------------------------ errors

HUGE = TensorProto(dtype=1, float_val=[0.0])
HUGE.tensor_shape.dim.add(size=2**40)
HUGE.tensor_shape.dim.add(size=3)
SHORT = TensorProto(dtype=1, tensor_content=b"abc")
SHORT.tensor_shape.dim.add(size=3)


def of_shape(*sizes, dtype=1, **values):
    """A tensor whose values need not fill its shape."""
    return TensorProto(dtype=dtype, tensor_shape={"dim": [{"size": size} for size in sizes]}, **values)


TABLE = [
    ({"name": "foo"}, "NOT_FOUND", "Servable not found for request: Latest(foo)"),
    ({"name": ""}, "INVALID_ARGUMENT", "ModelSpec has no name specified."),
    ({"version": 50}, "NOT_FOUND", "Servable not found for request: Specific(digits, 50)"),
    ({"label": "x"}, "INVALID_ARGUMENT", "Unrecognized servable version label: x"),
    ({"signature": "x"}, "FAILED_PRECONDITION", 'Serving signature name: "x" not found in signature def'),
    ({"inputs": {}}, "INVALID_ARGUMENT", "Missing named input: latents in 'inputs' object."),
    (
        {"inputs": {"latents": X, "y": X}},
        "INVALID_ARGUMENT",
        "input tensor alias not found in signature: y. Inputs expected to be in the set {latents}.",
    ),
    (
        {"inputs": {"latents": X.astype("int64")}},
        "INVALID_ARGUMENT",
        "Expects arg[0] to be float but int64 is provided",
    ),
    (
        {"inputs": {"latents": X[:, :2]}},
        "INVALID_ARGUMENT",
        "Shape of tensor latents [2,2] is not compatible with expected shape [?,3].",
    ),
    ({"inputs": {"latents": HUGE}}, "INVALID_ARGUMENT", "tensor parsing error: latents"),
    ({"inputs": {"latents": SHORT}}, "INVALID_ARGUMENT", "tensor parsing error: latents"),
    ({"inputs": {"latents": of_shape(2, 3)}}, "INVALID_ARGUMENT", "tensor parsing error: latents"),
    ({"inputs": {"latents": of_shape(2, 3, float_val=[1, 2])}}, "INVALID_ARGUMENT", "tensor parsing error: latents"),
    (
        {"inputs": {"latents": of_shape(1, 3, dtype=4, int_val=[300])}},
        "INVALID_ARGUMENT",
        "tensor parsing error: latents",
    ),
    # The other field does not count.
    (
        {
            "inputs": {"image_bytes": of_shape(600, dtype=7, string_val=[b"x"], float_val=[0] * 599)},
            "signature": "translate_png",
        },
        "INVALID_ARGUMENT",
        "tensor parsing error: image_bytes",
    ),
    (
        {"inputs": {"prompt": of_shape(2, 1, dtype=7, string_val=[b"x"])}, "signature": "words"},
        "INVALID_ARGUMENT",
        "tensor parsing error: prompt",
    ),
    # 300 kB and 240 kB, of which each alone would be let in.
    (
        {"inputs": {"latents": of_shape(25_000, 3, float_val=[0]), "other": of_shape(20_000, 3, float_val=[0])}},
        "INVALID_ARGUMENT",
        "tensor parsing error: ",
    ),
    (
        {"inputs": {"image_bytes": of_shape(5000, dtype=7, string_val=[b""] * 5000)}, "signature": "translate_png"},
        "INVALID_ARGUMENT",
        "A request may have 4096 rows; got 5000",
    ),
    (
        {"inputs": {"label": np.zeros(2, "int64"), "seed": np.zeros(3, "int64")}, "signature": "label"},
        "INVALID_ARGUMENT",
        "Batching Run() input tensors must have equal 0th-dimension size",
    ),
    (
        {"wanted": ["x"]},
        "INVALID_ARGUMENT",
        "output tensor alias not found in signature: x Outputs expected to be in the set {images}.",
    ),
    ({"wanted": ["images", "images"]}, "INVALID_ARGUMENT", "duplicate output tensor alias: images"),
]


@pytest.mark.parametrize(("options", "code", "message"), TABLE)
def test_the_table_of_errors(prediction, options, code, message):
    found_code, found = refusal(prediction.Predict, request(**{"inputs": {"latents": X}, **options}))
    # Protobuf gives the inputs in any order.
    assert (found_code, found if not message.endswith(": ") else found[: len(message)]) == (code, message)


def test_one_number_fills_a_shape_and_is_not_a_limit_s_way_round(prediction):
    reply = prediction.Predict(request({"latents": of_shape(2, 3, float_val=[0.5])}))
    np.testing.assert_allclose(tf.make_ndarray(reply.outputs["images"]), images(np.full((2, 3), 0.5), 0.5), atol=1e-6)
    assert refusal(prediction.Predict, request({"latents": of_shape(5000, 3, float_val=[0])})) == (
        "INVALID_ARGUMENT",
        "A request may have 4096 rows; got 5000",
    )


def test_errors_of_the_other_calls(prediction, models):
    status = get_model_status_pb2.GetModelStatusRequest()
    fill(status.model_spec, "foo")
    assert refusal(models.GetModelStatus, status) == ("NOT_FOUND", "Could not find any versions of model foo")
    metadata = get_model_metadata_pb2.GetModelMetadataRequest()
    fill(metadata.model_spec)
    assert refusal(prediction.GetModelMetadata, metadata)[0] == "INVALID_ARGUMENT"
    metadata.metadata_field.append("x")
    assert refusal(prediction.GetModelMetadata, metadata) == (
        "INVALID_ARGUMENT",
        "Metadata field x is not supported",
    )
    for call, message in (
        (prediction.Classify, classification_pb2.ClassificationRequest()),
        (prediction.Regress, regression_pb2.RegressionRequest()),
    ):
        fill(message.model_spec)
        code, text = refusal(call, message)
        assert code == "INVALID_ARGUMENT"
        assert "Was: tensorflow/serving/predict" in text


def test_large_messages_are_refused(prediction):
    assert refusal(prediction.Predict, request({"latents": np.zeros((10_000, 3), "float32")}))[0] == (
        "RESOURCE_EXHAUSTED"
    )


class Busy:
    """A core whose predictions do not end before they are let go; health is the server's own."""

    limits = Limits()

    def __init__(self):
        self.go_on = threading.Event()
        self.catalogue = self

    def get(self, *spec):
        self.go_on.wait(60)
        raise ServingError("NOT_FOUND", "gone")


def test_more_calls_than_are_held_are_refused_and_health_answers(monkeypatch):
    monkeypatch.setattr(grpc_server, "CALLS_AT_ONCE", 3)
    core = Busy()
    served = grpc_server.make_server(core, lambda: True)
    port = served.add_insecure_port("127.0.0.1:0")
    served.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        # Three are held and the rest told so at once; the next time, their places are free again.
        for _ in range(3):
            core.go_on.clear()
            done = queue.Queue()
            for _ in range(20):
                stub.Predict.future(request({"latents": X})).add_done_callback(done.put)
            codes = [done.get(timeout=60).code().name for _ in range(17)]
            assert set(codes) == {"RESOURCE_EXHAUSTED"}
            assert health_check(channel)(grpc_health.HealthCheckRequest()).status == grpc_health.SERVING
            core.go_on.set()
            assert {done.get(timeout=60).code().name for _ in range(3)} == {"NOT_FOUND"}
    served.stop(None).wait()


def test_a_call_that_ends_before_its_body_came_leaves_its_place(monkeypatch):
    monkeypatch.setattr(grpc_server, "CALLS_AT_ONCE", 1)
    gate, details = grpc_server._Gate(), mock.Mock(method="/tensorflow.serving.PredictionService/Predict")

    def enter():
        return gate.intercept_service(lambda details: grpc.unary_unary_rpc_method_handler(print), details)

    call = enter()
    assert call.unary_unary is not None
    assert enter().unary_unary is None
    # As gRPC does, without having called it.
    del call
    assert enter().unary_unary is not None


def test_compressed_messages_are_not_unpacked(prediction):
    def call(message):
        return prediction.Predict(message, compression=grpc.Compression.Gzip)

    assert refusal(call, request({"latents": np.zeros((2000, 3), "float32")}))[0] == "UNIMPLEMENTED"


def test_a_new_config_moves_labels_and_reads_nothing_elsewhere(prediction, models, tmp_path):
    serving_models.write(tmp_path, 7)
    message = model_management_pb2.ReloadConfigRequest()
    for name, base_path in (("digits", "/models/digits"), ("stranger", str(tmp_path))):
        entry = message.config.model_config_list.config.add(name=name, base_path=base_path)
        entry.model_platform = "tensorflow"
        entry.model_version_policy.all.SetInParent()
        entry.version_labels["canary"] = 2
    assert models.HandleReloadConfigRequest(message).status.error_code == 0
    reply = prediction.Predict(request({"latents": X}, label="canary"))
    assert reply.model_spec.version.value == 2
    assert refusal(prediction.Predict, request({"latents": X}, name="stranger"))[0] == "NOT_FOUND"
