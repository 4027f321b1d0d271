"""What a published model answers: a family's endpoints, in the form that TensorFlow Serving takes."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from kgan import pixels
from kgan.endpoints import Endpoint, Input
from kgan.export.questions import DEFAULT

# Of an example whose height and width may be any: no multiple of anything, so that what pads and cuts is seen too.
OPEN_SIZES = (37, 45)
IMAGES, FILES = "images", "image_bytes"


@dataclasses.dataclass(frozen=True)
class Signature:
    """One endpoint as it is served.

    Attributes:
        endpoint: What the family answers.
        png: Whether pictures are files: the answer is `image_bytes` `(n,)`, PNG files, instead of `images`
            `(n, height, width, channels)` float32 in [-1, 1]; and what takes images takes `image_bytes` `(n,)`, PNG or
            JPEG files, each of a size of its own.
    """

    endpoint: Endpoint
    png: bool

    @property
    def inputs(self) -> list[Input]:
        """What it takes, in order."""
        if self._takes_files:
            return [Input(tf.TensorSpec((None,), tf.string, name=FILES), "PNG or JPEG files, of any size")]
        return list(self.endpoint.inputs)

    @property
    def specs(self) -> list[tf.TensorSpec]:
        """The specs of the tensors that it takes, in order."""
        return [given.spec for given in self.inputs]

    def serve(self, *tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the answer by its name; this is what is written to the SavedModel."""
        # The server compares no shapes with the signature: without this a wrong one fails deep inside the network.
        rows = [tf.ensure_shape(tensor, spec.shape) for tensor, spec in zip(tensors, self.specs, strict=True)]
        # The server writes a binary output as base64 only if its name ends in _bytes.
        if self._takes_files:
            # One by one, for sizes differ, and not several at once, for large pictures take much memory.
            files = tf.map_fn(self._translate, rows[0], parallel_iterations=1, fn_output_signature=tf.string)
            return {FILES: files}
        images = self._spare_empty(_as_many(rows))
        if self.png:
            return {FILES: tf.map_fn(_encode, images, fn_output_signature=tf.string)}
        return {IMAGES: images}

    def expected(self, *tensors: tf.Tensor) -> tf.Tensor:
        """Returns what the live model answers: float32 images, or the uint8 that the PNG files must decode to.

        Where it takes files they must be of one size here.
        """
        if self._takes_files:
            spec = tf.TensorSpec(self._image.shape[1:], tf.float32)
            tensors = (tf.map_fn(lambda file: _decode(file, self._image), tensors[0], fn_output_signature=spec),)
        images = self._answer(list(tensors))
        return pixels.to_uint8(images) if self.png else images

    def example(self, num_rows: int) -> list[np.ndarray]:
        """Returns inputs of `num_rows` rows, the same at every call; strings as bytes."""
        examples = [_example(given, num_rows) for given in self.endpoint.inputs]
        if self._takes_files:
            pictures = pixels.to_uint8(examples[0])
            return [np.array([tf.io.encode_png(picture).numpy() for picture in pictures], "S")]
        return examples

    def describe(self, output: dict[str, tf.TensorSpec]) -> dict[str, Any]:
        """Returns what the manifest says of it: of each input and output type, shape, meaning and, if any, range."""
        meaning, limits = ("PNG files", None) if self.png else ("images, in [-1, 1]", [-1.0, 1.0])
        return {
            "inputs": {given.spec.name: _describe(given.spec, given.meaning, _range(given)) for given in self.inputs},
            "outputs": {name: _describe(spec, meaning, limits) for name, spec in output.items()},
        }

    @property
    def _image(self) -> tf.TensorSpec:
        return self.endpoint.inputs[0].spec

    @property
    def _takes_files(self) -> bool:
        return self.png and _is_image(self._image)

    def _translate(self, file: tf.Tensor) -> tf.Tensor:
        return _encode(self._answer([_decode(file, self._image)[None]])[0])

    def _answer(self, rows: list[tf.Tensor]) -> tf.Tensor:
        # A reply in half precision cannot be written as JSON.
        return tf.cast(self.endpoint.function(*rows), tf.float32)

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
        return self._answer(padded)[:num_rows]


def signatures(endpoints: dict[str, Endpoint]) -> dict[str, Signature]:
    """Returns what is served, by name: the default as numbers, others as numbers and, as `<name>_png`, as pictures."""
    served = {}
    for name, endpoint in endpoints.items():
        served[name] = Signature(endpoint, png=endpoint.as_files)
        if name != DEFAULT and not endpoint.as_files:
            served[f"{name}_png"] = Signature(endpoint, png=True)
    return served


def _as_many(rows: list[tf.Tensor]) -> list[tf.Tensor]:
    """Returns the inputs; fails where they have not as many rows, which the server does not look at either."""
    first, *others = (tf.shape(row)[0] for row in rows)
    message = "all inputs must have as many rows"
    checks = [tf.debugging.assert_equal(count, first, message=message) for count in others]
    with tf.control_dependencies([check for check in checks if check is not None]):
        return [tf.identity(row) for row in rows]


def _encode(image: tf.Tensor) -> tf.Tensor:
    return tf.io.encode_png(pixels.to_uint8(image))


def _decode(file: tf.Tensor, image: tf.TensorSpec) -> tf.Tensor:
    """Returns the picture of a PNG or JPEG file in [-1, 1], with the channels of these images."""
    # This kernel goes by the file's first bytes, not by its name.
    picture = tf.io.decode_png(file, channels=image.shape[-1])
    return tf.ensure_shape(pixels.from_uint8(picture), image.shape[1:])


def _is_image(spec: tf.TensorSpec) -> bool:
    return spec.shape.rank == 4 and spec.dtype.is_floating


def _example(given: Input, num_rows: int) -> np.ndarray:
    generator = np.random.default_rng(0)
    shape = (num_rows, *(size or OPEN_SIZES[axis] for axis, size in enumerate(given.spec.shape[1:])))
    numpy_type = given.spec.dtype.as_numpy_dtype
    if given.spec.dtype == tf.string:
        return np.resize(np.array([text.encode() for text in given.examples or ("",)], "S"), shape)
    if given.examples is not None:
        return np.resize(np.array(given.examples, numpy_type), shape)
    if given.spec.dtype.is_integer:
        return generator.integers(-(2**62), 2**62, shape).astype(numpy_type)
    if _is_image(given.spec):
        return generator.uniform(-1.0, 1.0, shape).astype(numpy_type)
    return generator.standard_normal(shape).astype(numpy_type)


def _range(given: Input) -> list[Any] | None:
    """Returns the least and the largest value, or None where any will do."""
    if _is_image(given.spec):
        return [-1.0, 1.0]
    if given.examples is None or given.spec.dtype == tf.string:
        return None
    return [min(given.examples), max(given.examples)]


def _describe(spec: tf.TensorSpec, meaning: str, limits: list[Any] | None) -> dict[str, Any]:
    return {"dtype": spec.dtype.name, "shape": spec.shape.as_list(), "meaning": meaning, "range": limits}
