"""Replaying the requests that lie beside a model, before it answers others; one that fails keeps the version out."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from kgan.serving.errors import invalid
from kgan.serving.servable import Servable

FILE = Path("assets.extra") / "tf_serving_warmup_requests"
# TensorFlow Serving takes no more.
MOST_RECORDS = 1000
PATIENCE_SECONDS = 600.0


def warm_up(servable: Servable, folder: Path) -> None:
    """Runs the recorded requests of a SavedModel, if it has any.

    Raises:
        ServingError: If a request fails, or there are too many, or one is no prediction.
        tf.errors.OpError: If the file is damaged.
    """
    from tensorflow_serving.apis import prediction_log_pb2

    if not (folder / FILE).is_file():
        return
    for index, record in enumerate(tf.data.TFRecordDataset(str(folder / FILE)).as_numpy_iterator()):
        if index == MOST_RECORDS:
            raise invalid(f"Number of warmup records exceeds the maximum ({MOST_RECORDS}) at {folder / FILE}")
        log = prediction_log_pb2.PredictionLog.FromString(record)
        if not log.HasField("predict_log"):
            raise invalid(f"Record {index} of {folder / FILE} is no PredictLog")
        request = log.predict_log.request
        signature = servable.signature(request.model_spec.signature_name)
        inputs = {name: np.asarray(tf.make_ndarray(tensor)) for name, tensor in request.inputs.items()}
        servable.check(signature, inputs)
        servable.run(signature, inputs, None, PATIENCE_SECONDS)
