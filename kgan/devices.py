"""Several devices, of one machine or of several workers: every step on all of them, each with its part of the batch."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import tensorflow as tf

from kgan import workers
from kgan.cluster import named_cluster
from kgan.errors import InputError, RunError

ALL = "all"
Result = TypeVar("Result")
# The scope that `training_on` has entered.
_scope = contextlib.ExitStack()


@contextlib.contextmanager
def training_on(devices: str | None = None) -> Iterator[None]:
    """Makes and trains what is made and trained in the block on some devices; see `strategy`.

    Where TF_CONFIG names several workers, each of them does this, with the same in the block. `kgan.runs.fit` leaves
    the strategy's scope when it has trained: the chief does alone what comes after it, and the block ends on every
    worker when it ends on the chief.

    Args:
        devices: How many of this machine; None for 1, or of a worker all.

    Raises:
        InputError: As `strategy` does.
        RunError: If another worker is lost.
    """
    try:
        with _scope:
            _scope.enter_context(strategy(devices).scope())
            with contextlib.suppress(workers.WorkerDone):
                yield
        # Nobody ends before the chief: started anew, it could not go on without the others.
        workers.gather([0])
    except workers.LOST as error:
        if workers.num_workers() == 1:
            raise
        raise RunError(
            "another worker was lost, whose own output says why, and without it no step can be made; start all of them "
            "again: kgan resume RUN goes on from the last checkpoint."
        ) from error


def leave_scope() -> None:
    """Ends the scope of `training_on` before its block ends."""
    _scope.close()


def strategy(devices: str | None = ALL) -> tf.distribute.Strategy:
    """Returns what to make a model under and to train it, in `with strategy.scope():`.

    For several devices it is TensorFlow's `MirroredStrategy`: each has a copy of all weights and computes the gradients
    of its part of every batch, with noise of its own, and all apply their sum. The GPUs are taken where there are any,
    else the logical CPUs, of which there is one unless TensorFlow is told otherwise. Where TF_CONFIG names several
    workers it is `MultiWorkerMirroredStrategy`, over the devices of all.

    Args:
        devices: How many of this machine, such as `"2"`, or `"all"`; None for 1, or of a worker all.

    Raises:
        InputError: If there are not so many, or TF_CONFIG is malformed.
    """
    cluster = named_cluster()
    if cluster is not None:
        _choose(ALL if devices is None else devices)
        return workers.join(cluster)
    there = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    count = _count("1" if devices is None else devices, there)
    if count == 1:
        return tf.distribute.get_strategy()
    return _mirrored(tuple(device.name for device in there[:count]))


@functools.cache
def _mirrored(names: tuple[str, ...]) -> tf.distribute.Strategy:
    # One for all of a process: a second one would take up the first one's collective operations, and fail.
    return tf.distribute.MirroredStrategy(names)


@functools.cache
def _choose(devices: str) -> None:
    """Shows TensorFlow as many of a worker's GPUs; a worker without has its one CPU."""
    # Physical devices: to list the logical ones starts what a cluster must be told to before.
    there = tf.config.list_physical_devices("GPU")
    count = _count(devices, there or tf.config.list_physical_devices("CPU")[:1])
    tf.config.set_visible_devices(there[:count], "GPU")


def _count(devices: str, there: list[Any]) -> int:
    count = len(there) if devices == ALL else int(devices) if devices.isdecimal() else 0
    if not 1 <= count <= len(there):
        kinds = f"{len(there)} {there[0].device_type}{'s' * (len(there) > 1)}"
        raise InputError(f"devices must be 'all' or a number of devices, of which there are {kinds}; got {devices!r}.")
    return count


def num_replicas() -> int:
    """Returns over how many devices a batch is divided here."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def divided(batches: tf.data.Dataset) -> Any:
    """Returns what a model made here is fitted on: batches that the strategy in force gives each replica its part of.

    Several workers each make every batch, and take their part of it. `AutoShardPolicy.DATA` would do the same, through
    a graph that holds a copy of all images.
    """
    in_force = tf.distribute.get_strategy()
    if not workers.is_multi_worker(in_force):
        return batches

    def mine(context: tf.distribute.InputContext) -> tf.data.Dataset:
        count, index = context.num_input_pipelines, context.input_pipeline_id
        replicas = in_force.num_replicas_in_sync // count

        def part(tensor: tf.Tensor) -> tf.Tensor:
            size = tensor.shape[0] // count
            return tf.reshape(tensor[index * size : (index + 1) * size], (replicas, -1, *tensor.shape[1:]))

        # A worker's replicas take one element after the other.
        return batches.map(lambda *batch: tf.nest.map_structure(part, batch if len(batch) > 1 else batch[0])).unbatch()

    return in_force.distribute_datasets_from_function(mine)


def of_first_device(variable: tf.Variable) -> tf.Variable:
    """Returns what gradients outside a step are taken by: a weight itself, or its copy on the first device."""
    return variable.values[0] if isinstance(variable, tf.distribute.DistributedValues) else variable


def apart(function: Callable[[], Result]) -> Result:
    """Returns what a function does by itself: a network that it makes and trains is on one device."""
    if num_replicas() == 1:
        return function()
    # A strategy's scope holds for its thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()
