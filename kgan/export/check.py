"""Loads a SavedModel as a stranger would and compares its answers with those of the live model.

Run by its path, `python check.py FOLDER CASES`, so that this process imports TensorFlow and NumPy and nothing of kgan:
what lies in the folder must be enough. CASES is an .npz of `<signature>/<rows>/input/<name>` and `.../expected`.
"""

import sys

import numpy as np
import tensorflow as tf

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


def _tensor(values: np.ndarray) -> tf.Tensor:
    return tf.constant(values.tolist(), tf.string) if values.dtype.kind == "U" else tf.constant(values)


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
