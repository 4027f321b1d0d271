"""Loads a SavedModel as a stranger would and compares its answers with those of the live model.

Run by its path, `python check.py FOLDER CASES`, so that this process imports TensorFlow and NumPy and nothing of kgan:
what lies in the folder must be enough. CASES is an .npz of `<signature>/<rows>/input/<name>` and `.../expected`. The
requests of the warm-up file are made as well: one that fails would keep a server from loading the version.
"""

import sys
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

WARMUP = "assets.extra/tf_serving_warmup_requests"
# The same kernels, in another process: float images in [-1, 1], and levels of a PNG's 0 to 255.
FLOAT_TOLERANCE = 1e-5
LEVEL_TOLERANCE = 1


def check(folder: str, cases: dict[str, np.ndarray]) -> None:
    """Asks every signature all of its cases.

    Args:
        folder: The SavedModel.
        cases: Inputs and expected answers; uint8 where the answer is PNG files.

    Raises:
        SystemExit: If an answer differs, with one line that says where and by how much.
    """
    model = tf.saved_model.load(folder)
    asked = {key.rpartition("/")[0] for key in cases if key.endswith("/expected")}
    unasked = set(model.signatures) ^ {case.rpartition("/")[0] for case in asked}
    if unasked:
        sys.exit(f"the signatures are {sorted(model.signatures)}; unexpected or missing: {sorted(unasked)}")
    for case in sorted(asked):
        signature = model.signatures[case.rpartition("/")[0]]
        names = signature.structured_input_signature[1]
        (answer,) = signature(**{name: _tensor(cases[f"{case}/input/{name}"]) for name in names}).values()
        _compare(case, answer, cases[f"{case}/expected"])
    warmed = {_warm_up(model, record.numpy()) for record in tf.data.TFRecordDataset(f"{folder}/{WARMUP}")}
    if warmed != set(model.signatures):
        sys.exit(f"the warm-up file asks {sorted(warmed)}; the signatures are {sorted(model.signatures)}")


def _warm_up(model: Any, record: bytes) -> str:
    """Makes a request of the warm-up file, as a server does, and returns the signature's name."""
    request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
    name = request.model_spec.signature_name
    inputs = {key: tf.constant(tf.make_ndarray(proto)) for key, proto in request.inputs.items()}
    model.signatures[name](**inputs)
    return name


def _tensor(values: np.ndarray) -> tf.Tensor:
    return tf.constant(values.tolist(), tf.string) if values.dtype.kind == "S" else tf.constant(values)


def _compare(case: str, answer: tf.Tensor, expected: np.ndarray) -> None:
    found = answer.numpy()
    if answer.dtype == tf.string:
        found = np.array([tf.io.decode_png(png).numpy() for png in found], np.uint8)
        found = found if len(found) else found.reshape(0, *expected.shape[1:])
    if found.dtype != expected.dtype or found.shape != expected.shape:
        sys.exit(f"{case}: expected {expected.dtype} {expected.shape}, got {found.dtype} {found.shape}")
    difference = np.abs(found.astype("float64") - expected.astype("float64")).max(initial=0.0)
    allowed = LEVEL_TOLERANCE if expected.dtype == np.uint8 else FLOAT_TOLERANCE
    # Written so that NaN fails too.
    if not difference <= allowed:
        sys.exit(f"{case}: the answer differs by {difference:.3g}, {allowed:g} is allowed")


if __name__ == "__main__":
    with np.load(sys.argv[2]) as file:
        check(sys.argv[1], dict(file))
