"""TensorFlow's runtime with one SavedModel in it: the C++ session that TensorFlow Serving runs too."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kgan.serving.batching import Arrays
from kgan.serving.errors import ServingError
from kgan.serving.tensors import Signature

TAG = "serve"


class Runtime:
    """Runs the signatures of a SavedModel; any number of threads may. What it holds goes when it is let go of.

    Args:
        folder: The SavedModel.
        signatures: What it is to run, by name.

    Raises:
        tf.errors.OpError: If it cannot be loaded.
        OSError: If it cannot be read.
    """

    def __init__(self, folder: Path, signatures: dict[str, Signature]) -> None:
        self._signatures = signatures
        options = tf.compat.v1.ConfigProto(allow_soft_placement=True)
        options.gpu_options.allow_growth = True
        self.session = tf.compat.v1.Session(graph=tf.Graph(), config=options)
        # Not tf.saved_model.load: what that makes of a model is checked by Python, and never wholly forgotten.
        tf.compat.v1.saved_model.load(self.session, [TAG], str(folder))
        self._calls = {
            name: self.session.make_callable(
                [info.tensor for info in signature.outputs.values()],
                [info.tensor for info in signature.inputs.values()],
            )
            for name, signature in signatures.items()
        }

    def run(self, name: Any, inputs: Arrays) -> Arrays:
        """Returns the outputs of a signature, by name.

        Args:
            name: Of the signature.
            inputs: By name, of the types and shapes that it takes.

        Raises:
            ServingError: With the runtime's own code and the first line of its message.
        """
        signature = self._signatures[name]
        try:
            values = self._calls[name](*(inputs[key] for key in signature.inputs))
        except tf.errors.OpError as error:
            raise _translated(error) from error
        return dict(zip(signature.outputs, map(np.asarray, values), strict=True))


def _translated(error: tf.errors.OpError) -> ServingError:
    names = {code: name for name, code in tf.errors.__dict__.items() if name.isupper()}
    # What Python puts before it and the names of the graph's nodes below it say nothing to a client.
    lines = error.message.removeprefix("Graph execution error:").strip().splitlines()
    return ServingError(names[error.error_code], (lines or [names[error.error_code]])[0])
