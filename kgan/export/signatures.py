"""What a published model answers: a family's endpoints, in the form that TensorFlow Serving takes."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from kgan import pixels
from kgan.endpoints import Endpoint, Input

# Of an example, along an axis that may have any size.
OPEN_SIZE = 40


@dataclasses.dataclass(frozen=True)
class Signature:
    """One endpoint as it is served.

    Attributes:
        endpoint: What the family answers.
        png: Whether the answer is `image_bytes` `(n,)`, PNG files, instead of `images` `(n, height, width, channels)`
            float32 in [-1, 1].
    """

    endpoint: Endpoint
    png: bool

    @property
    def specs(self) -> list[tf.TensorSpec]:
        """The specs of the tensors that it takes, in order."""
        return [given.spec for given in self.endpoint.inputs]

    def serve(self, *tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the answer by its name; this is what is written to the SavedModel."""
        # The server compares no shapes with the signature: without this a wrong one fails deep inside the network.
        rows = [tf.ensure_shape(tensor, spec.shape) for tensor, spec in zip(tensors, self.specs, strict=True)]
        # A reply in half precision cannot be written as JSON.
        images = tf.cast(self._spare_empty(rows), tf.float32)
        if not self.png:
            return {"images": images}
        # The server writes a binary output as base64 only if its name ends in _bytes.
        return {"image_bytes": tf.map_fn(tf.io.encode_png, pixels.to_uint8(images), fn_output_signature=tf.string)}

    def expected(self, *tensors: tf.Tensor) -> tf.Tensor:
        """Returns what the live model answers: float32 images, or the uint8 that the PNG files must decode to."""
        images = tf.cast(self.endpoint.function(*tensors), tf.float32)
        return pixels.to_uint8(images) if self.png else images

    def example(self, num_rows: int) -> list[np.ndarray]:
        """Returns inputs of `num_rows` rows, the same at every call."""
        return [_example(given, num_rows) for given in self.endpoint.inputs]

    def describe(self, output: dict[str, tf.TensorSpec]) -> dict[str, Any]:
        """Returns what the manifest says of it."""
        meaning = "PNG files" if self.png else "in [-1, 1]"
        return {
            "inputs": {given.spec.name: _describe(given.spec, given.meaning) for given in self.endpoint.inputs},
            "outputs": {name: _describe(spec, meaning) for name, spec in output.items()},
        }

    def _spare_empty(self, rows: list[tf.Tensor]) -> tf.Tensor:
        """Asks the model, of an example that is cut off again where there are no rows."""
        # TensorFlow's Conv2D gives an empty batch as many channels as its input has, and the next layer refuses it.
        num_rows = tf.shape(rows[0])[0]
        missing = tf.cast(num_rows == 0, tf.int32)
        padded = []
        for tensor, filler in zip(rows, self.example(1), strict=True):
            row = tf.constant(filler)
            if not tensor.shape[1:].is_fully_defined():
                # Rows whose size is open are filled up with one as large as they are.
                row = tf.zeros(tf.concat([[1], tf.shape(tensor)[1:]], axis=0), tensor.dtype)
            one = tf.concat([tensor, row[:missing]], axis=0)
            one.set_shape(tensor.shape)
            padded.append(one)
        return self.endpoint.function(*padded)[:num_rows]


def signatures(endpoints: dict[str, Endpoint]) -> dict[str, Signature]:
    """Returns what is served, by name: the default as numbers, others as numbers and, as `<name>_png`, as pictures."""
    served = {}
    for name, endpoint in endpoints.items():
        served[name] = Signature(endpoint, png=endpoint.as_files)
        if name != "serving_default" and not endpoint.as_files:
            served[f"{name}_png"] = Signature(endpoint, png=True)
    return served


def _example(given: Input, num_rows: int) -> np.ndarray:
    generator, shape = np.random.default_rng(0), (num_rows, *(size or OPEN_SIZE for size in given.spec.shape[1:]))
    numpy_type = given.spec.dtype.as_numpy_dtype
    if given.examples is not None:
        return np.resize(np.array(given.examples, numpy_type), shape)
    if given.spec.dtype.is_integer:
        return generator.integers(-(2**62), 2**62, shape).astype(numpy_type)
    return generator.standard_normal(shape).astype(numpy_type)


def _describe(spec: tf.TensorSpec, meaning: str) -> dict[str, Any]:
    return {"dtype": spec.dtype.name, "shape": spec.shape.as_list(), "meaning": meaning}
