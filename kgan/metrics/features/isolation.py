"""Building and loading networks inside another program's training without leaving a trace in it."""

import contextlib
import random
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """Makes what is built inside compute in float32, whatever the program's policy, and keeps its random state.

    Keras draws the seed of every initializer and Dropout from Python's `random`, even where weights are loaded
    afterwards; without this a training would differ by whether it is scored.
    """
    policy, state = keras.config.dtype_policy(), random.getstate()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        random.setstate(state)
