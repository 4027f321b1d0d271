"""`fit`: a training that can be stopped at any moment and goes on exactly where its last checkpoint stands."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

import keras
import tensorflow as tf

from kgan.devices import apart, divided, leave_scope, num_replicas
from kgan.errors import InputError
from kgan.estimate import end_if_dry, tell
from kgan.files import remove_leftovers
from kgan.runs import checkpoints
from kgan.runs.alone import Alone
from kgan.runs.folder import Run
from kgan.runs.history import closing, trim
from kgan.runs.keeper import Keeper
from kgan.runs.lock import locked
from kgan.runs.progress import ProgressLine
from kgan.workers import WorkerDone, gather, is_chief, num_workers

ENDLESS = 10**6


class TrainingData(Protocol):
    """What `fit` asks of data: an endless stream that can start anywhere (`kgan.data.ImageSet` is one)."""

    def __len__(self) -> int:
        """Returns the number of examples; an epoch is as many whole batches as they fill."""

    def batches(self, batch_size: int, *, flip: bool, seed: int, start: int, repeat: bool) -> tf.data.Dataset:
        """Returns the stream of batches as it would stand after `start` of them."""


def fit(
    run: Run,
    model: keras.Model,
    data: TrainingData,
    *,
    batch_size: int,
    epochs: int | None = None,
    minutes: float | None = None,
    flip: bool = False,
    seed: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> None:
    """Trains until `epochs` or `minutes` are over, whichever is first, counting what earlier sittings of the run did.

    Order, noise and augmentation are functions of the step, and all else is in the checkpoint, so that a training that
    was killed and resumed ends, when it is told to end by epochs, with the same weights bit for bit.

    Of several workers (`kgan.devices.training_on`) the chief alone writes, watches, and comes back from here, out of
    the strategy's scope.

    Args:
        run: The run to write to; its newest checkpoint says where to start.
        model: A new model, or what `run.restore()` returned.
        data: Where the batches come from.
        batch_size: Images a batch.
        epochs: Passes over the data.
        minutes: Wall-clock minutes of training.
        flip: Whether images are mirrored, left to right, half the time.
        seed: Of the data's order and augmentation.
        callbacks: More Keras callbacks. Of several workers the chief's are called; they may end the training, but not
            change it.

    Raises:
        InputError: If neither `epochs` nor `minutes` is given, or one is not positive; if batches cannot be divided
            among the devices; if workers have different data; or if an image that was there cannot be read any more.
        RunError: If another process trains this run, or has trained it since `run.restore()`.
        Interrupted: On SIGINT or SIGTERM, of any worker, once a checkpoint is written.
        WorkerDone: At the end, on workers other than the chief.
        OSError: If the disk is full, among others; what was saved before is whole.
    """
    check_budget(batch_size, epochs, minutes)
    stream_from = partial(data.batches, batch_size, flip=flip, seed=seed, repeat=True)
    # Before anything is made, for it refuses batches that the data cannot fill.
    end_if_dry(model, stream_from(start=0), len(data) // batch_size, epochs, minutes)
    _check_same_data(len(data))
    with _taken_up(run), _naming_failures(data):
        _train(run, model, stream_from, len(data) // batch_size, batch_size, epochs, minutes, callbacks)
    if num_workers() > 1:
        leave_scope()
    if not is_chief():
        raise WorkerDone


def _train(
    run: Run,
    model: keras.Model,
    stream_from: Callable[..., tf.data.Dataset],
    per_epoch: int,
    batch_size: int,
    epochs: int | None,
    minutes: float | None,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    # Of several workers one may look before the chief has set the damaged ones aside.
    done = checkpoints.read_progress(checkpoints.newest(run.checkpoints, run.damaged))
    stream = divided(stream_from(start=done.step))
    if is_chief():
        run.write_options()
        trim(run.path / "history.csv", done.step // per_epoch)
        print(
            f"training in {run.path}: pictures in samples/; stop with Ctrl-C, go on with kgan resume", file=sys.stderr
        )
        tell(model, stream, per_epoch, epochs, minutes)
    keeper = Keeper(run, done, minutes)
    history = keras.callbacks.CSVLogger(str(run.path / "history.csv"), append=True)
    watching = [
        history,
        # Before TensorBoard and the progress line, which show what these add to the epoch's logs.
        *callbacks,
        keras.callbacks.TensorBoard(str(run.path / "logs"), write_graph=False),
        ProgressLine(batch_size, per_epoch, epochs, minutes, done),
    ]
    if num_workers() > 1:
        watching = [Alone(watching)] if is_chief() else []
    callbacks = [*watching, keeper]
    with keeper.listening(), closing(history):
        for first, last, steps in _sittings(done.step, per_epoch, epochs or ENDLESS):
            model.fit(stream, initial_epoch=first, epochs=last, steps_per_epoch=steps, callbacks=callbacks, verbose=0)
            # A second fit makes a new iterator, which would start where the first one did.
            stream = divided(stream_from(start=keeper.step))
            if model.stop_training:
                break
        keeper.save()
        if is_chief():
            apart(partial(run.save_model, model))
        keeper.stop_if_told()


def _check_same_data(num_examples: int) -> None:
    for index, (others,) in enumerate(gather([num_examples])):
        if others != num_examples:
            raise InputError(
                f"worker {index} has {others:,} examples, and this one {num_examples:,}; give all workers the same "
                "data."
            )


@contextlib.contextmanager
def _taken_up(run: Run) -> Iterator[None]:
    """Keeps others from a run until the block ends; of several workers this is the chief's task."""
    if not is_chief():
        yield
        return
    with locked(run.path):
        run.check_standing()
        checkpoints.set_aside(run.damaged)
        remove_leftovers(run.path)
        yield


@contextlib.contextmanager
def _naming_failures(data: TrainingData) -> Iterator[None]:
    """Raises what was wrong with an image, or that the disk is full, instead of TensorFlow's pages on it."""
    try:
        yield
    except tf.errors.OpError as error:
        # TensorFlow's class for a full disk is that of a full memory, too.
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            if os.strerror(number) in error.message:
                raise OSError(number, os.strerror(number)) from error
        failure = getattr(data, "failure", None)
        if failure is None:
            raise
        raise failure from error


def _sittings(step: int, per_epoch: int, epochs: int) -> Iterator[tuple[int, int, int]]:
    """Yields (first epoch, last epoch, steps an epoch): the rest of an epoch cut short, then all whole ones."""
    epoch, into = divmod(step, per_epoch)
    if into and epoch < epochs:
        yield epoch, epoch + 1, per_epoch - into
        epoch += 1
    if epoch < epochs:
        yield epoch, epochs, per_epoch


def check_budget(batch_size: int, epochs: int | None, minutes: float | None) -> None:
    """Refuses what no training can be made of; the arguments are those of `fit`.

    Raises:
        InputError: If neither `epochs` nor `minutes` is given, or one is not positive; or if batches cannot be divided
            among the devices.
    """
    if epochs is None and minutes is None:
        raise InputError("say how long to train: --epochs or --minutes.")
    if epochs is not None and epochs < 1:
        raise InputError(f"--epochs must be at least 1; got {epochs}.")
    if minutes is not None and not minutes > 0:
        raise InputError(f"--minutes must be positive; got {minutes}.")
    if batch_size % num_replicas():
        raise InputError(f"--batch-size must be a multiple of the {num_replicas()} devices; got {batch_size}.")
