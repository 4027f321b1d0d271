"""The warm-up file: a request for each signature, which a server replays before it calls a version available."""

from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from kgan.export.manifest import EXTRA
from kgan.export.signatures import Signature

WARMUP = "tf_serving_warmup_requests"


def write_warmup(version: Path, name: str, served: dict[str, Signature]) -> None:
    """Writes a request of one row for every signature, so that no client waits for what a first call sets up.

    A record that fails would fail the load of the version: the server tests all signatures as well.

    Args:
        version: The folder of the SavedModel.
        name: The model's.
        served: Its signatures.
    """
    with tf.io.TFRecordWriter(str(version / EXTRA / WARMUP)) as writer:
        for signature_name, signature in served.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name = name
            request.model_spec.signature_name = signature_name
            for spec, example in zip(signature.specs, signature.example(1), strict=True):
                request.inputs[spec.name].CopyFrom(tf.make_tensor_proto(example, spec.dtype, example.shape))
            log = prediction_log_pb2.PredictLog(request=request)
            writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())
