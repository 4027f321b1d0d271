"""What a family lets a server answer."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf


class Input(NamedTuple):
    """One tensor of a question.

    Attributes:
        spec: Its name, type and shape; its first axis is the batch.
        meaning: What to put in, for the people who ask the server.
        examples: Good values, for the check of a published model; None where any number of the type is one.
    """

    spec: tf.TensorSpec
    meaning: str
    examples: tuple | None = None


class Endpoint(NamedTuple):
    """One question that a published model answers with images.

    Attributes:
        function: Maps the tensors to images `(n, height, width, channels)` in [-1, 1].
        inputs: The tensors, in the function's order, of one batch size.
        as_files: Whether the answer is PNG files alone, instead of numbers and, under another name, files.
        tables: Layers with lookup tables that it uses; only variables are found without being named.
    """

    function: Callable[..., tf.Tensor]
    inputs: tuple[Input, ...]
    as_files: bool = False
    tables: tuple[keras.layers.Layer, ...] = ()
