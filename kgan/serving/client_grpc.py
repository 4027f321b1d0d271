"""gRPC, as TensorFlow Serving speaks it: PredictionService and ModelService."""

from collections.abc import Callable, Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from kgan.serving.client_tensors import Asked, VersionStatus, tensor_info
from kgan.serving.errors import ServingError
from kgan.serving.tensors import Signature, TensorInfo

# Of gRPC's own 4 MB, six images of 256 x 256 pixels would be too much.
OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Grpc:
    """A server's gRPC address.

    Args:
        address: `host:port`.
        timeout: Seconds that an answer may take.
        headers: Sent with every request, as metadata.
        secure: Whether to speak TLS.
    """

    def __init__(self, address: str, timeout: float, headers: dict[str, str], secure: bool) -> None:
        self._address, self._timeout = address, timeout
        self._metadata = [(name.lower(), value) for name, value in headers.items()]
        self._channel = (
            grpc.secure_channel(address, grpc.ssl_channel_credentials(), OPTIONS)
            if secure
            else grpc.insecure_channel(address, OPTIONS)
        )
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def predict(self, asked: Asked, signature: Signature, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the outputs by name, of their signature's types."""
        tensors = {
            key: tf.make_tensor_proto(value, tf.as_dtype(signature.inputs[key].dtype), value.shape)
            for key, value in inputs.items()
        }
        request = predict_pb2.PredictRequest(model_spec=_spec(asked, signature.name), inputs=tensors)
        reply = self._ask(self._predictions.Predict, request)
        return {key: tf.make_ndarray(tensor) for key, tensor in reply.outputs.items()}

    def signatures(self, asked: Asked) -> dict[str, Signature]:
        """Returns what the model answers, by name."""
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=_spec(asked), metadata_field=["signature_def"]
        )
        reply = self._ask(self._predictions.GetModelMetadata, request)
        known = get_model_metadata_pb2.SignatureDefMap()
        reply.metadata["signature_def"].Unpack(known)
        return {
            name: Signature(name, _infos(signature.inputs), _infos(signature.outputs))
            for name, signature in known.signature_def.items()
            if not name.startswith("__")
        }

    def status(self, asked: Asked) -> list[VersionStatus]:
        """Returns the state of the versions that the server knows."""
        reply = self._ask(
            self._models.GetModelStatus, get_model_status_pb2.GetModelStatusRequest(model_spec=_spec(asked))
        )
        states = get_model_status_pb2.ModelVersionStatus.State
        return [
            VersionStatus(each.version, states.Name(each.state), each.status.error_message)
            for each in reply.model_version_status
        ]

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    def _ask(self, method: Callable[..., Any], request: Any) -> Any:
        try:
            return method(request, timeout=self._timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            code, message = error.code().name, error.details() or ""
            if code == "UNAVAILABLE":
                message = f"{message}; is a server running at grpc://{self._address}? kgan serve starts one"
            raise ServingError(code, message) from error


def _spec(asked: Asked, signature: str = "") -> model_pb2.ModelSpec:
    spec = model_pb2.ModelSpec(name=asked.name, signature_name=signature)
    if asked.version is not None:
        spec.version.value = asked.version
    elif asked.label is not None:
        spec.version_label = asked.label
    return spec


def _infos(tensors: Mapping[str, Any]) -> dict[str, TensorInfo]:
    return {
        name: tensor_info(info.name, types_pb2.DataType.Name(info.dtype), _sizes(info.tensor_shape))
        for name, info in tensors.items()
    }


def _sizes(shape: Any) -> list[int] | None:
    return None if shape.unknown_rank else [dim.size for dim in shape.dim]
