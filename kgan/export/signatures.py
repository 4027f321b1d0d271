"""What a published model answers: a family's endpoints, in the form that TensorFlow Serving takes."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from kgan import pixels
from kgan.endpoints import Endpoint


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

    def serve(self, tensor: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the answer by its name; this is what is written to the SavedModel."""
        # The server compares no shapes with the signature: without this a wrong one fails deep inside the network.
        rows = tf.ensure_shape(tensor, self.endpoint.input.shape)
        # A reply in half precision cannot be written as JSON.
        images = tf.cast(_spare_empty(self.endpoint.function, rows), tf.float32)
        if not self.png:
            return {"images": images}
        # The server writes a binary output as base64 only if its name ends in _bytes.
        return {"image_bytes": tf.map_fn(tf.io.encode_png, pixels.to_uint8(images), fn_output_signature=tf.string)}

    def expected(self, tensor: tf.Tensor) -> tf.Tensor:
        """Returns what the live model answers: float32 images, or the uint8 that the PNG files must decode to."""
        images = tf.cast(self.endpoint.function(tensor), tf.float32)
        return pixels.to_uint8(images) if self.png else images

    def example(self, num_rows: int) -> np.ndarray:
        """Returns an input of `num_rows` rows, the same at every call."""
        generator, shape = np.random.default_rng(0), (num_rows, *self.endpoint.input.shape[1:])
        if self.endpoint.input.dtype.is_integer:
            return generator.integers(-(2**62), 2**62, shape).astype(self.endpoint.input.dtype.as_numpy_dtype)
        return generator.standard_normal(shape).astype(self.endpoint.input.dtype.as_numpy_dtype)

    def describe(self, output: dict[str, tf.TensorSpec]) -> dict[str, Any]:
        """Returns what the manifest says of it."""
        meaning = "PNG files" if self.png else "in [-1, 1]"
        return {
            "inputs": {self.endpoint.input.name: _describe(self.endpoint.input, self.endpoint.meaning)},
            "outputs": {name: _describe(spec, meaning) for name, spec in output.items()},
        }


def signatures(endpoints: dict[str, Endpoint]) -> dict[str, Signature]:
    """Returns what is served, by name; all but the default are served as numbers and, as `<name>_png`, as pictures."""
    served = {}
    for name, endpoint in endpoints.items():
        served[name] = Signature(endpoint, png=False)
        if name != "serving_default":
            served[f"{name}_png"] = Signature(endpoint, png=True)
    return served


def _spare_empty(function: Callable[[tf.Tensor], tf.Tensor], rows: tf.Tensor) -> tf.Tensor:
    """Applies `function`, to one row of zeros that is cut off again where there is none."""
    # TensorFlow's Conv2D gives an empty batch as many channels as its input has, and the next layer refuses it.
    num_rows = tf.shape(rows)[0]
    padding = [[0, tf.cast(num_rows == 0, tf.int32)], *[[0, 0]] * (rows.shape.rank - 1)]
    padded = tf.pad(rows, padding)
    padded.set_shape(rows.shape)
    return function(padded)[:num_rows]


def _describe(spec: tf.TensorSpec, meaning: str) -> dict[str, Any]:
    return {"dtype": spec.dtype.name, "shape": spec.shape.as_list(), "meaning": meaning}
