"""Several processes, on one machine or several, that train one model.

What TensorFlow asks of such processes, its *workers*, is that all do the same collective operations in the same order:
making a variable is one, a training step has several. The first of them, the *chief*, besides does alone what needs
to be done once, such as writing files, and must do nothing collective there.
"""

import contextlib
import functools
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kgan.cluster import Cluster
from kgan.errors import InputError

# What a collective operation ends with where a process that takes part in it is gone, or is another one by now.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
)


class WorkerDone(Exception):  # noqa: N818 (no error: the chief goes on alone)
    """The training is over, and what is left to do is the chief's."""


# The cluster that this process takes part in, and its strategy: one a process, for TensorFlow starts one server in it.
_joined: tuple[Cluster, tf.distribute.MultiWorkerMirroredStrategy] | None = None


def join(cluster: Cluster) -> tf.distribute.MultiWorkerMirroredStrategy:
    """Waits until all workers are there and returns the strategy that they train under.

    Raises:
        InputError: If the port of this worker's address is taken, or another cluster has been joined before.
        RuntimeError: If TensorFlow has run operations before.
    """
    global _joined
    if _joined is None:
        print(f"{cluster}: waits for the others", file=sys.stderr, flush=True)
        try:
            with _endable():
                _joined = cluster, tf.distribute.MultiWorkerMirroredStrategy()
        except tf.errors.OpError as error:
            address = cluster.addresses[cluster.index]
            said = error.message.splitlines()[0]
            raise InputError(f"worker {cluster.index} cannot take part at {address}: {said}") from error
    if _joined[0] != cluster:
        raise InputError(f"this process takes part as {_joined[0]}, and TF_CONFIG now says {cluster}.")
    return _joined[1]


@contextlib.contextmanager
def _endable() -> Iterator[None]:
    """Lets Ctrl-C end the process: Python would hear of it only when TensorFlow returns."""
    former = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def num_workers() -> int:
    """Returns how many processes train together; 1 outside of a cluster."""
    return len(_joined[0].addresses) if _joined else 1


def is_chief() -> bool:
    """Tells whether this process is the one that writes; it is outside of a cluster."""
    return _joined is None or _joined[0].index == 0


def gather(values: Sequence[int]) -> list[list[int]]:
    """Returns each worker's numbers, the chief's first. Collective: all must call it, with as many."""
    if _joined is None:
        return [list(values)]
    mine = np.zeros((num_workers(), len(values)), np.int64)
    mine[_joined[0].index] = values
    return _sum()(tf.constant(mine)).numpy().tolist()


def largest(values: Sequence[int]) -> list[int]:
    """Returns the largest of each number over all workers. Collective, as `gather`."""
    return [max(column) for column in zip(*gather(values), strict=True)]


@functools.cache
def _sum() -> Any:
    assert _joined is not None
    strategy = _joined[1]
    return tf.function(lambda table: strategy.reduce("SUM", table, axis=None), autograph=False, reduce_retracing=True)


def of_first_replica(tensor: tf.Tensor) -> tf.Tensor:
    """Returns what the first of all replicas has, in a step; without several workers what this one has."""
    context = tf.distribute.get_replica_context()
    if context is None or not is_multi_worker(context.strategy):
        return tensor
    first = context.replica_id_in_sync_group == 0
    return context.all_reduce("SUM", tf.where(first, tensor, tf.zeros_like(tensor)))


def is_multi_worker(strategy: tf.distribute.Strategy) -> bool:
    """Tells whether several processes train under a strategy."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
