"""Several devices of one machine: every step on all of them, each with its part of the batch."""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import tensorflow as tf

from kgan.errors import InputError

ALL = "all"
Result = TypeVar("Result")


def strategy(devices: str = ALL) -> tf.distribute.Strategy:
    """Returns what to make a model under and to train it, in `with strategy.scope():`.

    For several devices it is TensorFlow's `MirroredStrategy`: each has a copy of all weights and computes the gradients
    of its part of every batch, with noise of its own, and all apply their sum. The GPUs are taken where there are any,
    else the logical CPUs, of which there is one unless TensorFlow is told otherwise.

    Args:
        devices: How many, such as `"2"`, or `"all"`.

    Raises:
        InputError: If there are not so many.
    """
    there = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    count = len(there) if devices == ALL else _number(devices)
    if not 1 <= count <= len(there):
        kinds = f"{len(there)} {there[0].device_type}{'s' * (len(there) > 1)}"
        raise InputError(f"devices must be 'all' or a number of devices, of which there are {kinds}; got {devices!r}.")
    if count == 1:
        return tf.distribute.get_strategy()
    return _mirrored(tuple(device.name for device in there[:count]))


@functools.cache
def _mirrored(names: tuple[str, ...]) -> tf.distribute.Strategy:
    # One for all of a process: a second one would take up the first one's collective operations, and fail.
    return tf.distribute.MirroredStrategy(names)


def num_replicas() -> int:
    """Returns over how many devices a batch is divided here."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def of_first_device(variable: tf.Variable) -> tf.Variable:
    """Returns what gradients outside a step are taken by: a weight itself, or its copy on the first device."""
    return tf.distribute.get_strategy().experimental_local_results(variable)[0]


def apart(function: Callable[[], Result]) -> Result:
    """Returns what a function does by itself: a network that it makes and trains is on one device."""
    if num_replicas() == 1:
        return function()
    # A strategy's scope holds for its thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()


def _number(devices: str) -> int:
    return int(devices) if devices.isdecimal() else 0
