"""What a family lets a server answer."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Endpoint(NamedTuple):
    """One question that a published model answers with images.

    Attributes:
        function: Maps one tensor to images `(n, height, width, channels)` in [-1, 1].
        input: The tensor's name, type and shape; its first axis is the batch.
        meaning: What to put in, for the people who ask the server.
    """

    function: Callable[[tf.Tensor], tf.Tensor]
    input: tf.TensorSpec
    meaning: str
